import type { hardware } from '@reboots/api'
import { parseIpv4, parseMac, type Ipv4Address } from '@reboots/protocol/net'
import type { UdpLink } from '@reboots/runtime'
import { machine } from '@reboots/testkit'

/*
 * What the services under fire are configured to serve:
 *
 *     clients ── lan0 ── 192.168.77.1 ┐
 *          relay 192.168.77.87        │ server
 *     clients ── lan1 ── 10.5.0.1 ────┘
 *
 * Behind relays 10.9.0.1 and 10.9.1.1 is one wire with two subnets. 172.31.0.1 is the relay of a network that is none of ours.
 */
const ip = (text: string): Ipv4Address => parseIpv4(text)!

export const LINKS: readonly [UdpLink, UdpLink] = [
  {
    name: 'lan0',
    index: 1,
    address: ip('192.168.77.1'),
    mask: ip('255.255.255.0'),
    hardwareAddress: parseMac('52:54:00:77:ff:01')!,
  },
  {
    name: 'lan1',
    index: 2,
    address: ip('10.5.0.1'),
    mask: ip('255.255.0.0'),
    hardwareAddress: parseMac('52:54:00:77:ff:02')!,
  },
]

export const POOLS: readonly (readonly [first: string, last: string])[] = [
  ['192.168.77.100', '192.168.77.239'],
  ['192.168.77.240', '192.168.77.250'],
  ['10.9.0.10', '10.9.0.250'],
  ['10.9.1.10', '10.9.1.250'],
  ['10.5.0.10', '10.5.3.250'],
]
export const OFFER_SECONDS = 60
export const QUARANTINE_SECONDS = 600

const [lan, boot, hall, annex, lan1] = POOLS.map((range) => range.join('-'))

/** The section `dhcp` that every variant has. */
export const DHCP = {
  unknownMachines: 'serve',
  offerSeconds: OFFER_SECONDS,
  declineQuarantineSeconds: QUARANTINE_SECONDS,
  leaseSeconds: { default: 3600, firmware: 300, ipxe: 300 },
  options: { 'ntp-servers': ['192.0.2.123'], 108: 300, 150: ['192.168.77.1'], 209: 'lab.cfg' },
  subnets: [
    {
      subnet: '192.168.77.0/24',
      routers: ['192.168.77.254'],
      nameServers: ['192.0.2.53'],
      domain: 'lab.example',
      pools: [{ range: lan }, { range: boot, class: 'PXEClient', options: { 'root-path': '/srv/pxe' } }],
    },
    { subnet: '10.9.0.0/24', sharedNetwork: 'hall', pools: [{ range: hall }] },
    { subnet: '10.9.1.0/24', sharedNetwork: 'hall', pools: [{ range: annex }], bootFile: 'hall.efi' },
    { subnet: '10.5.0.0/16', pools: [{ range: lan1 }] },
  ],
}

/** Machines with records: most of them plain, some with what records may hold besides; one whose address is inside of a pool. */
export const MACHINES: readonly hardware.Machine[] = Array.from({ length: 48 }, (_, number) => {
  const mac = `52:54:00:77:00:${number.toString(16).padStart(2, '0')}`
  const address = number % 8 === 7 ? `10.9.0.${200 + number}` : `192.168.77.${number === 40 ? 120 : 20 + number}`
  const routes = Array.from({ length: 40 }, (_, i) => ({ destination: `172.16.${i}.0/24`, router: '192.168.77.1' }))
  const oddities: readonly object[] = [
    {},
    { leaseSeconds: 0xffff_ffff },
    { disabled: true },
    { tftpServerName: '192.168.77.9', bootFileName: 'x'.repeat(200) },
    { routes },
    { nameServers: Array.from({ length: 60 }, (_, i) => `192.0.2.${i}`), timeServers: ['192.0.2.1'] },
    { hostname: `m-${number}`, domainName: 'lab.example', gateway: '192.168.77.254' },
    {},
  ]
  return machine({ mac, address, dhcp: oddities[number % 8]!, netboot: { allowPxe: number % 5 !== 0 } })
})

/** By MAC. */
export const RESERVED: ReadonlyMap<string, Ipv4Address> = new Map(
  MACHINES.map(({ interfaces: [iface] }) => [iface!.mac, ip(iface!.dhcp!.address)]),
)

const RANGES = POOLS.map(([first, last]) => [ip(first), ip(last)] as const)
const KEPT = new Set(RESERVED.values())

/** Whether an address may be given to whoever comes. */
export function isForAll(address: Ipv4Address): boolean {
  return !KEPT.has(address) && RANGES.some(([first, last]) => address >= first && address <= last)
}
