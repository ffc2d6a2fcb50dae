/** How binding a row is: M must, S should, O optional, promised only by those who claim it. */
export type Level = 'M' | 'S' | 'O'

export interface ChecklistRow {
  readonly id: string
  readonly level: Level
  readonly requirement: string
}

export interface Section {
  readonly title: string
  readonly rows: readonly ChecklistRow[]
}

/** The checklist: what a DHCPv4 server has to do, by section. Every row has a test, and every test names one. */
export const DHCP_SECTIONS: readonly Section[] = [
  section('Packet format, option encoding (RFC 2131 §2, 2132, 3004, 3396, 3442, 6842)', [
    ['P1', 'M', 'xid, htype, hlen, chaddr, giaddr, flags as they came; secs and hops 0'],
    ['P2', 'M', 'pads anywhere, END, nothing read behind it'],
    ['P3', 'M', 'what is malformed is dropped and counted'],
    ['P4', 'M', 'replies of 300 octets at least'],
    ['P5', 'M', 'option 1 before 3; fixed lengths'],
    ['P6', 'M', 'only what option 55 lists, and what is due'],
    ['P7', 'M', 'overloaded `file` and `sname` are read as options'],
    ['P8', 'M', 'no larger than option 57 allows'],
    ['P9', 'M', 'an absurd option 57 is a hint'],
    ['P10', 'M', 'options in several instances joined and split (RFC 3396)'],
    ['P11', 'M', 'the default route is in option 121 too (RFC 3442)'],
    ['P12', 'M', 'option 61 echoed in OFFER, ACK and NAK (RFC 6842)'],
    ['P13', 'S', 'a 0 in option 55 is no obstacle'],
    ['P14', 'S', 'user class raw or as a list (RFC 3004)'],
    ['P15', 'S', 'a `file` in the request is not echoed'],
    ['P16', 'S', 'options 66 and 67 are text, with one NUL at most'],
  ]),
  section('Server behaviour (RFC 2131 §4.3, 4.4)', [
    ['S1', 'M', 'DISCOVER: one OFFER with 51, 54, 1'],
    ['S2', 'M', 'a requested address is offered if it is free, else another'],
    ['S3', 'M', 'an offered address is held for its client'],
    ['S4', 'M', 'the same DISCOVER again: the same address'],
    ['S5', 'M', 'SELECTING: ACK with the values of the OFFER'],
    ['S6', 'M', 'another server was selected: silence, the offer is free'],
    ['S7', 'M', 'INIT-REBOOT: ACK, NAK, or silence for the unknown'],
    ['S8', 'M', 'RENEWING, REBINDING: ACK, extended; NAK to others'],
    ['S9', 'M', 'NAK has 53 and 54, no addresses, no lease'],
    ['S10', 'M', 'a declined address is in quarantine'],
    ['S11', 'S', 'a released address is free, and remembered'],
    ['S12', 'M', 'DECLINE and RELEASE of others are ignored'],
    ['S13', 'M', 'INFORM: ACK without lease, to `ciaddr`'],
    ['S14', 'S', '58 and 59 are ½ and ⅞ of 51; none when infinite'],
    ['S15', 'M', 'leases survive kill -9'],
    ['S16', 'S', 'a conflict probe delays nobody else'],
    ['S17', 'M', 'reservations win, and are given to nobody else'],
    ['S18', 'S', 'no free address: silence'],
    ['S19', 'M', 'identity is 61, else `chaddr`; a switch to ignore 61'],
  ]),
  section('Reply addressing (RFC 2131 §4.1)', [
    ['A1', 'M', 'relayed: to `giaddr`:67; NAK with broadcast flag'],
    ['A2', 'M', '`ciaddr` set: unicast to it'],
    ['A3', 'M', 'broadcast flag: broadcast'],
    ['A4', 'M', 'flag clear: to `yiaddr` at `chaddr`, without ARP'],
    ['A5', 'M', 'from the address in 54, out of the interface of arrival'],
    ['A6', 'S', 'broadcast where frames cannot be forged; proxy offers always'],
    ['A7', 'M', 'replies that come in are ignored'],
  ]),
  section('Relay agents (RFC 3046 and its family)', [
    ['R1', 'M', 'option 82 echoed octet for octet, last'],
    ['R2', 'M', 'subnet by `giaddr`; silence if it is in none'],
    ['R3', 'M', 'circuit-id and remote-id for rules and reservations'],
    ['R4', 'M', 'a renewal without 82 is classed as before'],
    ['R5', 'S', 'link selection (RFC 3527)'],
    ['R6', 'O', 'server identifier override (RFC 5107)'],
    ['R7', 'O', 'subnet selection, option 118 (RFC 3011)'],
    ['R8', 'O', 'relay source port (RFC 8357)'],
    ['R9', 'O', 'relay agent flags for rules (RFC 5010)'],
    ['R10', 'S', 'more than 16 hops: dropped'],
    ['R11', 'S', 'virtual subnet selection not echoed if not done (RFC 6607)'],
    ['R12', 'S', '`giaddr` only from listed relays'],
  ]),
  section('Other extensions', [
    ['X1', 'O', 'rapid commit only when enabled (RFC 4039)'],
    ['X2', 'S', 'option 108 if asked for (RFC 8925)'],
    ['X3', 'O', 'lease query of strangers: silence (RFC 4388)'],
    ['X4', 'M', 'FORCERENEW that comes in is ignored (RFC 3203)'],
    ['X5', 'S', 'option 150 if asked for (RFC 5859)'],
    ['X6', 'S', 'a malformed option 81 is not echoed (RFC 4702)'],
    ['X7', 'O', '208 to 211 if asked for (RFC 5071)'],
  ]),
]

export const PROXY_SECTIONS: readonly Section[] = [
  section('PXE options (RFC 4578, PXE 2.1)', [
    ['X93', 'M', 'option 93 is a list: the first known type counts'],
    ['X94', 'M', 'a malformed 94 costs the option, not the packet'],
    ['X97', 'M', '97 echoed if valid, never invented'],
    ['X97b', 'M', '97 as SMBIOS prints it, for rules'],
    ['X60', 'M', 'PXEClient and HTTPClient served, others not; 93 before 60'],
    ['XAR', 'M', 'each architecture type has its boot file; no file, no OFFER'],
  ]),
  section('proxyDHCP, port 67', [
    ['Y1', 'M', 'only DISCOVER of boot clients is answered'],
    ['Y2', 'M', 'OFFER without address and lease: 53, 54, 60, 97'],
    ['Y3', 'M', 'UEFI: no 43, `siaddr` is the proxy'],
    ['Y4', 'M', 'BIOS without menu: 43 = `06 01 08 ff`, and the file'],
    ['Y5', 'S', 'BIOS with menu: 43 has 6, 8, 9, 10 and END'],
    ['Y6', 'M', 'sub-options of 43 well-formed'],
    ['Y7', 'M', 'prompt (10): time-out and text'],
    ['Y8', 'M', 'item of type 0 is the local disk, without servers'],
    ['Y9', 'M', 'nothing to boot: no OFFER'],
    ['Y10', 'M', 'HTTPClient: 60 HTTPClient, 67 URI, no 4011'],
    ['Y11', 'S', 'Raspberry Pi: its text in the menu'],
    ['Y12', 'M', 'iPXE gets its script, not itself again'],
    ['Y13', 'M', 'denied machines and other interfaces: silence'],
  ]),
  section('Boot server, port 4011', [
    ['B1', 'M', 'REQUEST (INFORM, DISCOVER) of PXE clients only'],
    ['B2', 'M', 'ACK from 4011 to where it came from'],
    ['B3', 'M', '54 absent or ours; of others: silence'],
    ['B4', 'M', '`ciaddr` copied, `yiaddr` 0'],
    ['B5', 'M', '`file`, `siaddr`, 60, 97; 66 and 67 if asked'],
    ['B6', 'M', 'boot item (43.71) answered, unknown ones not'],
    ['B7', 'M', 'BIOS without 71: as on 67'],
    ['B8', 'S', 'multicast discovery only if offered'],
    ['B9', 'S', 'what iPXE wants of a reply: PXE options, from 4011'],
  ]),
]

const IDS: ReadonlySet<string> = new Set(
  [...DHCP_SECTIONS, ...PROXY_SECTIONS].flatMap(({ rows }) => rows.map(({ id }) => id)),
)

/** Whether `P1` or `S2.pool` belongs to the checklist. */
export function isRow(id: string): boolean {
  return IDS.has(id.split('.')[0]!)
}

export function rowIds(): readonly string[] {
  return [...IDS]
}

function section(title: string, rows: readonly (readonly [id: string, level: Level, requirement: string])[]): Section {
  return { title, rows: rows.map(([id, level, requirement]) => ({ id, level, requirement })) }
}
