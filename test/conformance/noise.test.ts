import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { requireTools } from '@reboots/testkit'
import { question } from './src/noise/boot-clients.ts'
import { PER_HOUR } from './src/noise/hour.ts'
import { Judge } from './src/noise/judge.ts'
import { makeNoise, type Findings } from './src/noise/noisy-lan.ts'
import { STOCK_CLIENTS } from './src/stock-clients.ts'
import { encodeFrame } from './src/wire/frame.ts'
import { bytes, ip, text } from './src/wire/octets.ts'
import { ACK, datagramOf, NAK, OFFER, type Request } from './src/wire/request.ts'

const skip = requireTools({ root: true, commands: ['ip', 'tcpdump', 'dnsmasq', 'curl', ...STOCK_CLIENTS] }) ?? false

for (const way of ['bound', 'captured'] as const) {
  describe(
    `an hour of noise on a LAN with a DHCP server of its own, port 67 ${way}`,
    { skip, timeout: 120_000 },
    () => {
      let findings: Findings
      before(async () => {
        findings = await makeNoise(PER_HOUR, 1, way === 'captured')
      })

      test('stock clients get their lease from the site', () => {
        const leases = ['dhclient 192.168.77.50', 'udhcpc 192.168.77.51', 'dhcpcd 192.168.77.52']
        assert.deepEqual(findings.leases, leases)
      })

      test('proxydhcp has heard every datagram to its ports', () => {
        assert.ok(findings.addressed > 10_000, `${findings.addressed}`)
        assert.equal(findings.heard, findings.addressed)
      })

      test('every boot client in between is answered once', () => {
        assert.ok(findings.asked > 100, `${findings.asked}`)
        assert.equal(findings.answered, findings.asked)
      })

      test('and nothing else has left its interface: no NAK, no address, no word to anybody else', () => {
        assert.deepEqual(findings.faults, [])
      })
    },
  )
}

const SEEN = question(0)
const REPLY: Request = {
  op: 2,
  type: OFFER,
  xid: SEEN.xid,
  chaddr: SEEN.asked.mac,
  options: [
    [54, ip('192.168.77.1')],
    [60, text('PXEClient')],
  ],
}

/** What a proxy might put on the wire: how it differs from an answer in order, and what the judge says. */
const JUDGED: readonly (readonly [
  what: string,
  change: Request,
  travel: { to?: string; fromPort?: number },
  RegExp,
])[] = [
  ['a NAK', { type: NAK }, {}, /^message type 6:/],
  ['an ACK on port 67', { type: ACK }, {}, /^message type 5:/],
  ['an address', { yiaddr: '192.168.77.9' }, {}, /^the address 192\.168\.77\.9:/],
  ['a lease', { options: [[51, '00000e10']] }, {}, /^options 51:/],
  ['an answer that nobody asked for', { xid: 7 }, {}, /^nobody has asked for it:/],
  ['an answer to somebody else', { chaddr: '52:54:00:00:00:99' }, {}, /^an answer to somebody else:/],
  ['an answer to the wrong place', {}, { to: '192.168.77.9' }, /^to 192\.168\.77\.9:68 instead of/],
  ['an answer from the wrong port', { type: ACK }, { fromPort: 4011 }, /^an answer from port 4011/],
  ['a datagram from any other port', {}, { fromPort: 5000 }, /^from port 5000:/],
]

for (const [what, change, travel, fault] of JUDGED) {
  test(`the judge notices ${what}`, () => {
    const judge = new Judge(new Map([[SEEN.xid, SEEN.asked]]))
    judge.look(frameOf({ ...REPLY, ...change }, travel))
    assert.equal(judge.faults.length, 1)
    assert.match(judge.faults[0]!, fault)
  })
}

test('the judge notices a second answer, and what is no UDP', () => {
  const judge = new Judge(new Map([[SEEN.xid, SEEN.asked]]))
  judge.look(frameOf(REPLY))
  assert.deepEqual(judge.faults, [])
  judge.look(frameOf(REPLY))
  judge.look({ at: 0, bytes: bytes(`${'ff'.repeat(6)}525400000001 0800 45${'00'.repeat(40)}`) })
  assert.deepEqual(
    judge.faults.map((fault: string) => fault.split(':')[0]),
    ['a second answer', 'neither ARP nor UDP'],
  )
})

function frameOf(reply: Request, { to = '255.255.255.255', fromPort = 67 } = {}) {
  const macs = { sourceMac: '52:54:00:00:00:01', destinationMac: 'ff:ff:ff:ff:ff:ff' }
  const payload = datagramOf(reply)
  return { at: 0, bytes: encodeFrame({ ...macs, from: '192.168.77.1', fromPort, to, toPort: 68, payload }) }
}
