import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ip, request } from './message.fixture.ts'
import { requestState, type RequestState } from './request-state.ts'

const SERVER = { 54: 'c0a84d01' }
const REQUESTED = { 50: 'c0a84d57' }
const CIADDR = { ciaddr: ip('192.168.77.87') }
const RELAYED = { giaddr: ip('192.168.88.1') }

type Options = Record<number, string>
/** All of 54 × ciaddr × 50 × giaddr; the state when it was unicast (or nobody knows), and when it was broadcast. */
const ROWS: readonly [string, Options, object, RequestState | undefined, RequestState | undefined][] = [
  ['nothing', {}, {}, undefined, undefined],
  ['relayed', {}, RELAYED, undefined, undefined],
  ['50', REQUESTED, {}, 'init-reboot', 'init-reboot'],
  ['50, relayed', REQUESTED, RELAYED, 'init-reboot', 'init-reboot'],
  ['ciaddr', {}, CIADDR, 'renewing', 'rebinding'],
  ['ciaddr, relayed', {}, { ...CIADDR, ...RELAYED }, 'rebinding', 'rebinding'],
  ['ciaddr and 50', REQUESTED, CIADDR, 'renewing', 'rebinding'],
  ['ciaddr and 50, relayed', REQUESTED, { ...CIADDR, ...RELAYED }, 'rebinding', 'rebinding'],
  ['54', SERVER, {}, 'selecting', 'selecting'],
  ['54, relayed', SERVER, RELAYED, 'selecting', 'selecting'],
  ['54 and 50', { ...SERVER, ...REQUESTED }, {}, 'selecting', 'selecting'],
  ['54 and 50, relayed', { ...SERVER, ...REQUESTED }, RELAYED, 'selecting', 'selecting'],
  ['54 and ciaddr', SERVER, CIADDR, 'selecting', 'selecting'],
  ['54 and ciaddr, relayed', SERVER, { ...CIADDR, ...RELAYED }, 'selecting', 'selecting'],
  ['54, ciaddr and 50', { ...SERVER, ...REQUESTED }, CIADDR, 'selecting', 'selecting'],
  ['54, ciaddr and 50, relayed', { ...SERVER, ...REQUESTED }, { ...CIADDR, ...RELAYED }, 'selecting', 'selecting'],
]

for (const [name, options, header, unicast, broadcast] of ROWS) {
  test(`requestState: ${name}`, () => {
    const message = request({ 53: '03', ...options }, header)
    assert.equal(requestState(message), unicast)
    assert.equal(requestState(message, { broadcast: false }), unicast)
    assert.equal(requestState(message, { broadcast: true }), broadcast)
  })
}
