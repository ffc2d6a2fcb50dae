import { fromHex } from '../bytes/index.ts'
import { parseIpv4, UNSPECIFIED, type Ipv4Address, type Seconds } from '../net/index.ts'
import type { DhcpMessage } from './message.ts'

/** For the tests of this room: an address as text. */
export function ip(text: string): Ipv4Address {
  return parseIpv4(text)!
}

/** Options as hexadecimal text by code. */
export function optionsOf(values: Readonly<Record<number, string>>): Map<number, Uint8Array> {
  return new Map(Object.entries(values).map(([code, value]) => [Number(code), fromHex(value)]))
}

/** A DISCOVER of 52:54:00:aa:02:01 with these options (as hexadecimal text) and header fields instead of the usual ones. */
export function request(values: Readonly<Record<number, string>>, header: Partial<DhcpMessage> = {}): DhcpMessage {
  return {
    op: 'bootrequest',
    htype: 1,
    hops: 0,
    xid: 0x5eb00001,
    secs: 0 as Seconds,
    flags: 0,
    ciaddr: UNSPECIFIED,
    yiaddr: UNSPECIFIED,
    siaddr: UNSPECIFIED,
    giaddr: UNSPECIFIED,
    chaddr: fromHex('525400aa0201'),
    sname: '',
    file: '',
    options: optionsOf({ 53: '01', ...values }),
    ...header,
  }
}
