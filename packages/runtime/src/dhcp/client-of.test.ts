import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex } from '@reboots/protocol/bytes'
import type { DhcpMessage } from '@reboots/protocol/dhcp'
import { UNSPECIFIED, type Seconds } from '@reboots/protocol/net'
import { clientOf } from './client-of.ts'

function message(htype: number, chaddr: string, identifier?: string): DhcpMessage {
  const options = new Map(identifier === undefined ? [] : [[61, fromHex(identifier)]])
  const addresses = { ciaddr: UNSPECIFIED, yiaddr: UNSPECIFIED, siaddr: UNSPECIFIED, giaddr: UNSPECIFIED }
  const rest = { xid: 1, hops: 0, flags: 0, secs: 0 as Seconds, sname: '', file: '' }
  return { op: 'bootrequest', htype, chaddr: fromHex(chaddr), ...addresses, ...rest, options }
}

const CLIENTS: readonly (readonly [who: string, one: DhcpMessage, other: DhcpMessage, same: boolean])[] = [
  ['the same card', message(1, '525400aa0001', '01'), message(1, '525400aa0001', 'ff02'), true],
  ['two cards', message(1, '525400aa0001'), message(1, '525400aa0002'), false],
  ['two cards of 2^24 apart', message(1, '525400000001'), message(1, '525401000001'), false],
  ['other hardware with the same octets', message(6, '525400aa000102'), message(1, '525400aa000102'), false],
  ['InfiniBand, one identifier', message(32, '', 'ff0001'), message(32, '', 'ff0001'), true],
  ['InfiniBand, two identifiers', message(32, '', 'ff0001'), message(32, '', 'ff0002'), false],
]
for (const [who, one, other, same] of CLIENTS) {
  test(`${who}: ${same ? 'one client' : 'two'}`, () => assert.equal(clientOf(one) === clientOf(other), same))
}
