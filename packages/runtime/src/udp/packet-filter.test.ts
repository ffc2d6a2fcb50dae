import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex } from '@reboots/protocol/bytes'
import { packetFilter } from './packet-filter.ts'

/** As `tcpdump -dd` would print them; what the kernel makes of them is for the tests in network namespaces. */
const PROGRAMS = [
  {
    name: 'what is sent to us, behind the header of the link',
    wanted: { toPort: 67, header: 0, sentTo: 'us' },
    steps: [
      '28 00 00 fffff000', // protocol
      '15 00 0c 00000800', // IPv4?
      '30 00 00 fffff004', // type of packet
      '25 0a 00 00000001', // above broadcast: away
      '30 00 00 fffff030', // VLAN tag
      '15 00 08 00000000',
      '30 00 00 00000009',
      '15 00 06 00000011', // UDP?
      '28 00 00 00000006',
      '45 04 00 00003fff', // a fragment: away
      'b1 00 00 00000000',
      '48 00 00 00000002',
      '15 00 01 00000043', // port 67?
      '06 00 00 0000ffff',
      '06 00 00 00000000',
    ],
  },
  {
    name: 'what anybody sends, with the header of the link',
    wanted: { toPort: 68, header: 14, sentTo: 'anybody' },
    steps: [
      '28 00 00 fffff000',
      '15 00 0a 00000800',
      '30 00 00 fffff030',
      '15 00 08 00000000',
      '30 00 00 00000017',
      '15 00 06 00000011',
      '28 00 00 00000014',
      '45 04 00 00003fff',
      'b1 00 00 0000000e',
      '48 00 00 00000010',
      '15 00 01 00000044',
      '06 00 00 0000ffff',
      '06 00 00 00000000',
    ],
  },
] as const

for (const { name, wanted, steps } of PROGRAMS) {
  test(`the filter for ${name}`, () => {
    const expected = steps.map((step) => {
      const [code, jumpTrue, jumpFalse, k] = step.split(' ') as [string, string, string, string]
      return fromHex(`${code}00${jumpTrue}${jumpFalse}${k.match(/../g)!.toReversed().join('')}`)
    })
    assert.deepEqual(Buffer.from(packetFilter(wanted)), Buffer.concat(expected))
  })
}
