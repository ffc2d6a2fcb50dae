import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex, hex } from '../bytes/index.ts'
import { ip, request } from './message.fixture.ts'
import { echoedRelayAgent, relayAgent } from './relay-agent.ts'

const sub = (entries: Record<number, string>): ReadonlyMap<number, Uint8Array> =>
  new Map(Object.entries(entries).map(([code, value]) => [Number(code), fromHex(value)]))

const ROWS: readonly { name: string; hex: string; read: Record<string, unknown> }[] = [
  { name: 'nothing', hex: '', read: { subOptions: sub({}) } },
  {
    name: 'circuit and remote id',
    hex: '0104746573740203aabbcc',
    read: {
      circuitId: fromHex('74657374'),
      remoteId: fromHex('aabbcc'),
      subOptions: sub({ 1: '74657374', 2: 'aabbcc' }),
    },
  },
  {
    name: 'addresses, flags and source port',
    hex: '05040a0900000b04c0a84dfe0a0180130006027331',
    read: {
      linkSelection: ip('10.9.0.0'),
      serverIdOverride: ip('192.168.77.254'),
      flags: 0x80,
      relaySourcePort: true,
      subscriberId: fromHex('7331'),
      subOptions: sub({ 5: '0a090000', 11: 'c0a84dfe', 10: '80', 19: '', 6: '7331' }),
    },
  },
  {
    name: 'values of a wrong length',
    hex: '05020a090a0200000b00',
    read: { subOptions: sub({ 5: '0a09', 10: '0000', 11: '' }) },
  },
  {
    name: 'the first of a sub-option sent twice',
    hex: '010161010162',
    read: { circuitId: fromHex('61'), subOptions: sub({ 1: '61' }) },
  },
  {
    name: 'what stands before one that runs past the end',
    hex: '010161020562',
    read: { circuitId: fromHex('61'), subOptions: sub({ 1: '61' }) },
  },
  { name: 'a lone code', hex: '01016102', read: { circuitId: fromHex('61'), subOptions: sub({ 1: '61' }) } },
]

for (const { name, hex, read } of ROWS) {
  test(`relayAgent reads ${name}`, () => {
    assert.deepEqual(relayAgent(request({ 82: hex })), { ...read, raw: fromHex(hex) })
  })
}

test('relayAgent of a message without option 82', () => {
  assert.equal(relayAgent(request({})), undefined)
})

const ECHOES: readonly { name: string; raw: string; echoed: string }[] = [
  { name: 'octet for octet', raw: '0104746573740203aabbcc', echoed: '0104746573740203aabbcc' },
  { name: 'whatever shape it is in', raw: '01ff61', echoed: '01ff61' },
  { name: 'without 151', raw: '0101619702006198000201ff', echoed: '01016198000201ff' },
  { name: 'without 151 in front of a broken end', raw: '970200610209aa', echoed: '0209aa' },
]

for (const { name, raw, echoed } of ECHOES) {
  test(`option 82 is echoed ${name}`, () => {
    assert.equal(hex(echoedRelayAgent(fromHex(raw))), echoed)
  })
}
