/**
 * What every subject is configured to serve, in words of no particular server:
 *
 *     clients ── eth0 ── 192.168.77.1 ┐
 *          relay 192.168.77.87        │ server
 *     clients ── eth1 ── 192.168.78.1 ┘
 *
 * Behind the relay are 10.9.0.0/24 and some more. The machine with the hardware address 52:54:00:77:00:14 has 192.168.77.20 reserved, and so
 * on; each test takes machines of its own, so that no test depends on what another one left behind.
 */
export interface Subnet {
  readonly prefix: string
  readonly router: string
  /** Addresses for whoever comes. */
  readonly pool: readonly [first: string, last: string]
}

export interface Machine {
  readonly mac: string
  readonly address: string
  readonly hostName: string
  /** Seconds. */
  readonly leaseTime: number
  readonly nameServers: readonly string[]
  readonly timeServers: readonly string[]
  readonly routes: readonly Route[]
}

export interface Route {
  readonly prefix: string
  readonly router: string
}

/** A server configuration. What a subject cannot do of it is in its list of rows. */
export interface Site {
  /** `dhcp`: addresses and boot files. `proxy`: boot files beside another server. */
  readonly mode: 'dhcp' | 'proxy'
  readonly links: readonly Link[]
  readonly subnets: readonly Subnet[]
  readonly machines: readonly Machine[]
  /** Addresses that are reserved for whatever is behind a port of a switch or relay agent. */
  readonly ports?: readonly Port[]
  /** Answer DISCOVER with ACK when asked to (RFC 4039). */
  readonly rapidCommit?: boolean
  /** Ask the network before an address is offered. */
  readonly probe?: boolean
  /** The server process may neither forge frames nor touch the neighbour table. */
  readonly unprivileged?: boolean
  /** A boot menu for PXE ROMs, and how long its prompt stands. */
  readonly menu?: Menu
  /** How clients may look for boot servers, besides asking those in the menu. */
  readonly discovery?: Discovery
  /** Port 67 belongs to another program of the host, which says nothing. */
  readonly captured?: boolean
}

export interface Port {
  /** Circuit-id, in hexadecimal. */
  readonly circuit: string
  readonly address: string
}

export interface Link {
  readonly name: string
  readonly address: string
}

export interface Discovery {
  readonly broadcast: boolean
  /** A group. */
  readonly multicast?: string
}

export interface Menu {
  readonly prompt: string
  readonly seconds: number
  readonly items: readonly MenuItem[]
}

export interface MenuItem {
  readonly text: string
  /** 0 is the local disk; with a file the server itself is the boot server, and chooses the type. */
  readonly type?: number
  readonly server?: string
  readonly file?: string
}

export const SERVER = '192.168.77.1'
export const SERVER_ON_ETH1 = '192.168.78.1'
export const RELAY = '192.168.77.87'
export const LEASE_SECONDS = 3600
export const INFINITE = 0xffffffff
export const DOMAIN = 'lab.example'
export const NAME_SERVERS = ['192.0.2.53', '192.0.2.54']
export const TIME_SERVERS = ['192.0.2.123']
export const LINKS: readonly Link[] = [
  { name: 'eth0', address: SERVER },
  { name: 'eth1', address: SERVER_ON_ETH1 },
]

/** The last octet of a reserved address is that of its machine's hardware address too. */
export function machineOn(net: 'eth0' | 'eth1' | 'relayed', last: number): Machine {
  const { third, base } = { eth0: NETS.eth0, eth1: NETS.eth1, relayed: NETS.relayed }[net]
  return {
    mac: `52:54:00:${third}:00:${last.toString(16).padStart(2, '0')}`,
    address: `${base}.${last}`,
    hostName: `m-${third}-${last}`,
    leaseTime: LEASE_SECONDS,
    nameServers: NAME_SERVERS,
    timeServers: TIME_SERVERS,
    routes: [],
  }
}

const NETS = {
  eth0: { third: '77', base: '192.168.77' },
  eth1: { third: '78', base: '192.168.78' },
  relayed: { third: '09', base: '10.9.0' },
} as const

/** Nobody has a record for it, and no address is reserved for it. */
export function stranger(last: number): { readonly mac: string } {
  return { mac: `52:54:00:ee:00:${last.toString(16).padStart(2, '0')}` }
}

/** The machines whose answers show that everything sent before has been dealt with. */
export const MARKERS = { eth0: machineOn('eth0', 19), eth1: machineOn('eth1', 19) } as const

export const FOREVER: Machine = { ...machineOn('eth0', 70), leaseTime: INFINITE }
/** RFC 3442's case: a classless route besides the default one. */
export const ROUTED: Machine = { ...machineOn('eth0', 71), routes: [{ prefix: '10.0.0.0/8', router: SERVER }] }
/** More routes than one instance of an option holds: 37 of 8 octets, and the default one. */
export const WIDELY_ROUTED: Machine = {
  ...machineOn('eth0', 72),
  routes: Array.from({ length: 37 }, (_, i) => ({ prefix: `172.16.${i + 1}.0/24`, router: SERVER })),
}
/** More configuration than fits into 576 octets. */
export const WORDY: Machine = {
  ...machineOn('eth0', 73),
  nameServers: Array.from({ length: 55 }, (_, i) => `192.0.2.${i + 1}`),
  timeServers: Array.from({ length: 55 }, (_, i) => `198.51.100.${i + 1}`),
  routes: Array.from({ length: 20 }, (_, i) => ({ prefix: `172.17.${i + 1}.0/24`, router: SERVER })),
}

const PLAIN = Array.from({ length: 50 }, (_, i) => machineOn('eth0', 20 + i))

/** The networks behind the relay that have one address to give away, one for each test that needs such a network. */
export const ONE_ADDRESS_NETS = ['10.9.1', '10.9.2', '10.9.3'] as const

/** Behind the relay: "port1", "port2" and so on, one for each test that needs one. */
export const PORTS: readonly Port[] = [1, 2, 3].map((n) => ({ circuit: `706f72743${n}`, address: `10.9.0.6${n}` }))

export const DHCP_SITE: Site = {
  mode: 'dhcp',
  links: LINKS,
  subnets: [
    { prefix: '192.168.77.0/24', router: SERVER, pool: ['192.168.77.100', '192.168.77.239'] },
    { prefix: '192.168.78.0/24', router: SERVER_ON_ETH1, pool: ['192.168.78.100', '192.168.78.119'] },
    { prefix: '10.9.0.0/24', router: '10.9.0.1', pool: ['10.9.0.100', '10.9.0.119'] },
    ...ONE_ADDRESS_NETS.map((net) => ({
      prefix: `${net}.0/24`,
      router: `${net}.1`,
      pool: [`${net}.100`, `${net}.100`] as const,
    })),
  ],
  machines: [
    ...Object.values(MARKERS),
    ...PLAIN,
    FOREVER,
    ROUTED,
    WIDELY_ROUTED,
    WORDY,
    ...[20, 21, 22].map((last) => machineOn('eth1', last)),
    ...Array.from({ length: 20 }, (_, i) => machineOn('relayed', 20 + i)),
  ],
  ports: PORTS,
}

/** Options that are sent to those who ask for them and to nobody else, in hexadecimal. */
export const EXTRAS: Readonly<Record<number, string>> = {
  /** RFC 8925: 300 seconds. */
  108: '0000012c',
  /** RFC 5859: two TFTP servers. */
  150: 'c0a84d01c0a84d02',
  /** RFC 5071: "lab.cfg" and "/pxe/". */
  209: '6c61622e636667',
  210: '2f7078652f',
}

/** Boot files by architecture, and what the rules of the site say: the same names for every subject. */
export const BOOT = {
  bios: 'undionly.kpxe',
  ia32: 'ipxe-i386.efi',
  x64: 'ipxe.efi',
  arm64: 'ipxe-arm64.efi',
  /** What a machine gets that a rule refuses. */
  refused: '/netboot-not-allowed',
  /** Circuit that a rule refuses, in hexadecimal: "cage". */
  refusedCircuit: '63616765',
  /** The same for a remote-id: "door". */
  refusedRemote: '646f6f72',
  /** A machine that a rule refuses by its UUID: as text, and as option 97 has it (RFC 4578: little-endian in front). */
  refusedUuid: '00112233-4455-6677-8899-aabbccddeeff',
  refusedGuid: '0033221100554477668899aabbccddeeff',
  /** A machine that a rule leaves alone. */
  ignored: stranger(0x66),
  scriptUrl: 'http://192.168.77.1:7080/ipxe/auto.ipxe',
  script: /^http:\/\/192\.168\.77\.1(:\d+)?\/.*\.ipxe/,
} as const

export const PROXY_SITE: Site = { mode: 'proxy', links: [LINKS[0]!], subnets: [], machines: [] }

export const MENU_SITE: Site = {
  ...PROXY_SITE,
  menu: {
    prompt: 'Press F8',
    seconds: 5,
    items: [
      { text: 'Local', type: 0 },
      { text: 'Install', file: 'undionly' },
      { text: 'Other', type: 0x8001, server: '192.168.77.9' },
      { text: 'Type9', type: 9 },
    ],
  },
  discovery: { broadcast: true },
}

export const MULTICAST_SITE: Site = { ...MENU_SITE, discovery: { broadcast: false, multicast: '224.0.1.2' } }

/** Whether an address is one of those for whoever comes on eth0. */
export function isInPool(address: string): boolean {
  const [, last] = /^192\.168\.77\.(\d+)$/.exec(address) ?? []
  return last !== undefined && Number(last) >= 100 && Number(last) <= 239
}
