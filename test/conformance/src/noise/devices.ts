import { RELAY, SERVER } from '../site.ts'
import { hex, ip, text, u16, u8 } from '../wire/octets.ts'
import { DECLINE, DISCOVER, INFORM, RELEASE, REQUEST, type Request, type RequestOption } from '../wire/request.ts'
import type { Random } from './random.ts'

/** The DHCP server of the site, which everybody but the boot clients is at home with. */
export const SITE = '192.168.77.250'

/** A DHCP message that is no boot client's question to us, and how it travels; from 0.0.0.0:68 to everybody's port 67 unless it is said. */
export interface Saying {
  readonly request: Request
  readonly from?: string
  readonly fromPort?: number
  readonly to?: string
  readonly toPort?: number
}

/** What is said on a LAN of some two thousand devices, and how often in an hour. */
export interface Talk {
  readonly name: string
  readonly perHour: number
  readonly say: (random: Random) => Saying
}

interface Device {
  /** First half of its hardware address. */
  readonly oui: string
  /** Option 60, if it has one. */
  readonly vendor?: string
  /** Option 55. */
  readonly list: string
  readonly options?: readonly RequestOption[]
}

const PHONES: readonly Device[] = [
  { oui: '8c:79:f5', vendor: 'android-dhcp-14', list: '01030f1a1c333a3b2b726c', options: [[80, '']] },
  { oui: 'f0:18:98', list: '017903066c720f77fc', options: [[57, '05dc']] },
]
const COMPUTERS: readonly Device[] = [
  { oui: '00:15:5d', vendor: 'MSFT 5.0', list: '0103060f1f212b2c2e2f7779f9fc', options: [[81, '000000504300']] },
  { oui: '3c:22:fb', list: '017903066c720f77fc5f2c2e' },
  { oui: '52:54:00', list: '017903060c0f1a1c2a33363a3b', options: [[61, `ff${'ab'.repeat(18)}`]] },
  { oui: 'b4:2e:99', vendor: 'dhcpcd-9.4.1:Linux-6.1.0:x86_64:GenuineIntel', list: '01792103060f77' },
]
const PRINTERS: readonly Device[] = [
  { oui: '00:1b:78', vendor: 'Hewlett-Packard JetDirect', list: '0603010f422b' },
  { oui: '00:80:77', vendor: 'BRW008077123456', list: '0103060f2c2e2f' },
]
/** They load firmware by TFTP, and ask for 66, 67 and 150 as boot ROMs do. */
const TELEPHONES: readonly Device[] = [
  { oui: '00:04:f2', vendor: 'Polycom-VVX411', list: '0103060f2a424396a0' },
  { oui: '00:1e:7a', vendor: 'Cisco Systems, Inc. IP Phone CP-8841', list: '014206030f9623' },
  { oui: '00:15:65', vendor: 'yealink', list: '01031c060f2a4243782b', options: [[43, '0204abcd0000']] },
]
const THINGS: readonly Device[] = [
  { oui: '24:0a:c4', list: '01031c06' },
  { oui: 'd8:f1:5b', vendor: 'udhcp 1.36.1', list: '0103060c0f1c2a79' },
  { oui: '78:8a:20', vendor: 'ubnt', list: '0103060f2b' },
  { oui: '00:0b:86', vendor: 'ArubaAP', list: '0103060f2b3c' },
  { oui: '00:1a:a1', vendor: 'Cisco AP c1700', list: '0103060f2b96' },
]
const EVERYTHING = [...PHONES, ...COMPUTERS, ...PRINTERS, ...TELEPHONES, ...THINGS]

/** What makes a message one of UEFI's, if it is said in option 60 alone. */
const UEFI: readonly RequestOption[] = [
  [55, '01030c0f2b3c4243618081828384858687'],
  [93, u16(7)],
  [94, '010300'],
  [97, '00'.repeat(17)],
]
const PXE: readonly RequestOption[] = [...UEFI, [60, text('PXEClient:Arch:00007:UNDI:003016')]]

/** Nearly a boot client: other letters, the word in the wrong place, everything of it but option 60. */
const LOOKALIKES: readonly (readonly RequestOption[])[] = [
  [...UEFI, [60, text('pxeclient:Arch:00007:UNDI:003016')]],
  [...UEFI, [60, text('MSFT PXEClient')]],
  [...UEFI, [60, text('PXEClien')]],
  [...UEFI, [60, `00${text('PXEClient')}`]],
  [...UEFI, [60, '']],
  [...UEFI, [12, text('PXEClient')]],
  [...UEFI, [77, text('PXEClient')]],
  [...UEFI, [43, `3c09${text('PXEClient')}`]],
  [...UEFI, [125, `0000015709${text('PXEClient')}`]],
  [...UEFI, [77, text('iPXE')]],
  [
    [77, text('iPXE')],
    [175, 'b105011af41000eb03010000'],
  ],
  [
    [93, u16(22)],
    [60, text('U-Boot.armv8')],
  ],
]

export const TALKS: readonly Talk[] = [
  talk('phones look for a server', 2400, (random) => from(random, PHONES, DISCOVER)),
  talk('phones want the address they had', 1800, (random) => had(random, PHONES)),
  talk('computers look for a server', 1200, (random) => from(random, COMPUTERS, DISCOVER)),
  talk('computers want the address they had', 800, (random) => had(random, COMPUTERS)),
  talk('computers ask for proxy settings (INFORM)', 900, (random) => inform(random, COMPUTERS)),
  talk('printers', 400, (random) => from(random, PRINTERS, DISCOVER)),
  talk('telephones', 600, (random) => from(random, TELEPHONES, DISCOVER)),
  talk('lamps, radios, access points', 1600, (random) => from(random, THINGS, DISCOVER)),
  talk('the offer of the site is taken', 2200, (random) => taken(random, EVERYTHING)),
  talk('leases are extended at anybody (REBINDING)', 600, (random) => rebinding(random, EVERYTHING)),
  talk('DECLINE and RELEASE', 300, (random) => givenBack(random, EVERYTHING)),
  talk('plain clients behind a relay agent', 800, relayed),
  talk('BOOTP', 400, (random) => ({ request: { ...device(random, PRINTERS), file: random.of(['', text('boot')]) } })),
  talk('answers of a server to a relay agent', 300, serverAnswer),
  talk('nearly boot clients', 700, (random) => lookalike(random, DISCOVER)),
  talk('boot clients take the offer of the site', 400, (random) => ({ request: toSite(random) })),
  talk('boot clients ask the site for parameters (INFORM)', 150, bootInform),
  talk('plain clients on port 4011', 300, (random) => on4011(random, lookalike(random, REQUEST).request)),
  talk('boot clients ask another boot server', 300, (random) => on4011(random, toSite(random))),
  talk('UEFI HTTP boot on port 4011', 60, (random) => on4011(random, httpOn4011(random))),
  talk('releases on port 4011', 60, (random) => on4011(random, { ...toSite(random), type: RELEASE })),
]

function talk(name: string, perHour: number, say: Talk['say']): Talk {
  return { name, perHour, say }
}

/** The fields that every message of a device has. Its transaction numbers are none of those of our boot clients. */
function device(random: Random, devices: readonly Device[]): Request & { readonly options: readonly RequestOption[] } {
  const { oui, vendor, list, options = [] } = random.of(devices)
  const usual: RequestOption[] = [[55, list], ...(vendor === undefined ? [] : [[60, text(vendor)] as const])]
  return { ...anyone(random, oui), options: [...usual, ...options] }
}

function anyone(random: Random, oui: string): Request {
  const own = hex(random.octets(3)).match(/../g)!.join(':')
  const flags = random.of([0, 0, 0x8000])
  return { chaddr: `${oui}:${own}`, xid: 0x80000000 + random.below(0x7fffffff), secs: random.below(40), flags }
}

function from(random: Random, devices: readonly Device[], type: number): Saying {
  const one = device(random, devices)
  return { request: { ...one, type, options: [...one.options, [57, u16(random.of([576, 590, 1500]))]] } }
}

function had(random: Random, devices: readonly Device[]): Saying {
  const one = device(random, devices)
  return { request: { ...one, type: REQUEST, options: [...one.options, [50, anyAddress(random)]] } }
}

function taken(random: Random, devices: readonly Device[]): Saying {
  const one = device(random, devices)
  const options: RequestOption[] = [...one.options, [50, ip(clientAddress(random))], [54, ip(SITE)]]
  return { request: { ...one, type: REQUEST, options } }
}

function rebinding(random: Random, devices: readonly Device[]): Saying {
  const ciaddr = clientAddress(random)
  return { request: { ...device(random, devices), type: REQUEST, ciaddr }, from: ciaddr }
}

function inform(random: Random, devices: readonly Device[]): Saying {
  const ciaddr = clientAddress(random)
  return { request: { ...device(random, devices), type: INFORM, ciaddr }, from: ciaddr }
}

function givenBack(random: Random, devices: readonly Device[]): Saying {
  const one = device(random, devices)
  const options: RequestOption[] = [
    [50, ip(clientAddress(random))],
    [54, ip(SITE)],
  ]
  return { request: { ...one, type: random.of([DECLINE, RELEASE]), options } }
}

function relayed(random: Random): Saying {
  const one = device(random, EVERYTHING)
  const options: RequestOption[] = [...one.options, [82, `0106${hex(random.octets(6))}`]]
  const request = { ...one, type: random.of([DISCOVER, REQUEST]), giaddr: RELAY, hops: 1, options }
  return { request, from: RELAY, fromPort: 67, to: SERVER }
}

/** As it comes by when the relay agent is another host, or our own one has taken us for it. */
function serverAnswer(random: Random): Saying {
  const one = device(random, EVERYTHING)
  const options: RequestOption[] = [
    [54, ip(SITE)],
    [51, '00000e10'],
    [60, text('PXEClient')],
  ]
  const request = { ...one, op: 2, type: random.of([2, 5, 6]), yiaddr: clientAddress(random), giaddr: RELAY, options }
  return { request, from: SITE, fromPort: 67, to: random.of([SERVER, '255.255.255.255']) }
}

function lookalike(random: Random, type: number): Saying {
  return { request: { ...anyone(random, 'ec:eb:b8'), type, options: random.of(LOOKALIKES) } }
}

/** A boot client whose business is with another server: the one it has chosen. */
function toSite(random: Random): Request {
  const options: RequestOption[] = [...PXE, [50, ip(clientAddress(random))], [54, ip(SITE)]]
  return { ...anyone(random, '0c:c4:7a'), type: REQUEST, options }
}

function bootInform(random: Random): Saying {
  const ciaddr = clientAddress(random)
  return { request: { ...anyone(random, '0c:c4:7a'), type: INFORM, ciaddr, options: PXE }, from: ciaddr }
}

function httpOn4011(random: Random): Request {
  const options: RequestOption[] = [...UEFI, [60, text('HTTPClient:Arch:00016:UNDI:003016')]]
  return { ...anyone(random, '0c:c4:7a'), type: REQUEST, options }
}

function on4011(random: Random, request: Request): Saying {
  const ciaddr = clientAddress(random)
  const to = random.of([SERVER, '255.255.255.255'])
  return { request: { ...request, ciaddr }, from: ciaddr, fromPort: random.of([68, 4011]), to, toPort: 4011 }
}

function clientAddress(random: Random): string {
  return `192.168.77.${100 + random.below(100)}`
}

/** Often of a network it has been in before. */
function anyAddress(random: Random): string {
  return random.of([ip(clientAddress(random)), `0a${hex(random.octets(3))}`, `c0a8${u8(random.below(256))}05`])
}
