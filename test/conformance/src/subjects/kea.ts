import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { BOOT, DOMAIN, EXTRAS, INFINITE, LEASE_SECONDS, NAME_SERVERS, SERVER, TIME_SERVERS } from '../site.ts'
import type { Machine, Site, Subnet } from '../site.ts'
import { ip, mac, u8 } from '../wire/octets.ts'
import { PROXY_SECTIONS } from '../rows.ts'
import type { Stand, Subject } from './subject.ts'

const NO_PROXY = 'no proxyDHCP mode'

const NOT_OVERLOADED = 'overloaded fields of requests are not read'

/** Of version 2.2. */
const stands: Readonly<Record<string, Stand>> = {
  'P1.tail': { deviates: 'octets behind the hardware address become zeros' },
  'P1.zero': { deviates: 'hops are copied' },
  P3: { deviates: 'op 0 and 3 are answered' },
  'P3.counted': { notClaimed: 'counter behind its control channel' },
  'P4.nak': { deviates: 'NAK of 250 octets' },
  P6: { deviates: '6, 12 and 15 are sent unasked' },
  P7: { deviates: NOT_OVERLOADED },
  P8: { deviates: 'option 57 is not looked at' },
  'P10.values': { deviates: 'an option 93 in two instances: dropped' },
  'P10.areas': { deviates: NOT_OVERLOADED },
  'P10.order': { deviates: NOT_OVERLOADED },
  'P12.short': { deviates: 'a 61 of one octet: dropped' },
  S3: { deviates: 'offered to both' },
  'S4.pool': { deviates: 'another one of the pool each time' },
  'S11.pool': { deviates: 'the binding is forgotten' },
  'S14.infinite': { deviates: 'for an infinite lease too' },
  S16: { notClaimed: 'no probe in this version' },
  'A1.nak': { deviates: 'relayed NAK without the flag' },
  'A3.link': { deviates: 'frame to the hardware address of the client' },
  A6: { notClaimed: NO_PROXY },
  'A6.unprivileged': { notClaimed: 'needs the privilege' },
  A7: { deviates: 'answered' },
  'R1.odd': { deviates: 'of two equal sub-options one is lost' },
  'R1.full': { deviates: 'over 576 octets with much else' },
  'R3.replaced': { notClaimed: 'an address of a circuit stays with the first card until its lease ends' },
  'R4.reserved': { deviates: 'NAK for a renewal without the circuit' },
  R4: { deviates: 'classed anew, without the circuit' },
  R6: { deviates: 'own address kept' },
  R10: { deviates: 'answered' },
  R11: { deviates: '151 echoed' },
  R12: { notClaimed: 'no such list' },
  'X1.enabled': { notClaimed: 'cannot be enabled' },
  X6: { deviates: 'the packet is dropped' },
  ...Object.fromEntries(PROXY_SECTIONS.flatMap(({ rows }) => rows).map(({ id }) => [id, { notClaimed: NO_PROXY }])),
}

/** Kea's DHCPv4 server with raw sockets and its leases in a file, authoritative. */
export const kea: Subject = {
  name: 'kea',
  commands: ['kea-dhcp4'],
  stands,
  async start(host, directory, site) {
    const file = path.join(directory, 'kea-dhcp4.json')
    await writeFile(file, JSON.stringify(configuration(site, directory), undefined, 1))
    // Its defaults are below /run/kea, which only its own service unit makes.
    const env = { KEA_PIDFILE_DIR: directory, KEA_LOCKFILE_DIR: directory }
    const start = async () => {
      const running = host.start('kea-dhcp4', { command: 'kea-dhcp4', args: ['-c', file], env })
      await running.waitFor(/DHCP4_STARTED/)
      return running
    }
    let running = await start()
    return {
      async crash() {
        await running.stop('SIGKILL')
        running = await start()
      },
      malformed: () => Promise.reject(new Error('not asked here')),
    }
  },
}

function configuration({ links, subnets, machines, ports = [] }: Site, directory: string): unknown {
  return {
    Dhcp4: {
      'interfaces-config': { interfaces: links.map(({ name }) => name), 'dhcp-socket-type': 'raw' },
      'lease-database': { type: 'memfile', persist: true, name: path.join(directory, 'leases.csv'), 'lfc-interval': 0 },
      'valid-lifetime': LEASE_SECONDS,
      'calculate-tee-times': true,
      authoritative: true,
      'host-reservation-identifiers': ['hw-address', 'circuit-id'],
      'option-def': [
        { name: 'tftp-servers', code: 150, type: 'ipv4-address', array: true },
        { name: 'pxelinux-config', code: 209, type: 'string' },
        { name: 'pxelinux-prefix', code: 210, type: 'string' },
        { name: 'routes', code: 121, type: 'binary' },
      ],
      'option-data': [
        { name: 'domain-name', data: DOMAIN },
        addresses(6, NAME_SERVERS),
        addresses(42, TIME_SERVERS),
        ...Object.entries(EXTRAS).map(([code, value]) => ({ code: Number(code), 'csv-format': false, data: value })),
      ],
      'client-classes': [...machines.filter(({ leaseTime }) => leaseTime === INFINITE).map(forever), ...bootClasses()],
      subnet4: subnets.map((subnet, index) => ({
        id: index + 1,
        subnet: subnet.prefix,
        pools: [{ pool: subnet.pool.join(' - ') }],
        'option-data': [addresses(3, [subnet.router])],
        reservations: [
          ...machines.filter((machine) => isIn(machine, subnet)).map(reservation),
          ...ports
            .filter((port) => isIn(port, subnet))
            .map(({ circuit, address }) => ({ 'circuit-id': circuit, 'ip-address': address })),
        ],
      })),
      loggers: [{ name: 'kea-dhcp4', severity: 'INFO', output_options: [{ output: 'stdout' }] }],
    },
  }
}

function isIn({ address }: { readonly address: string }, { prefix }: Subnet): boolean {
  return address.replace(/\d+$/, '0/24') === prefix
}

function addresses(code: number, list: readonly string[]): unknown {
  return { code, data: list.join(', ') }
}

function reservation(machine: Machine): unknown {
  const routes = machine.routes.map(({ prefix, router }) => encodeRoute(prefix) + ip(router)).join('')
  return {
    'hw-address': machine.mac,
    'ip-address': machine.address,
    hostname: machine.hostName,
    'option-data': [
      addresses(6, machine.nameServers),
      addresses(42, machine.timeServers),
      ...(routes === '' ? [] : [{ code: 121, 'csv-format': false, data: `${routes}00${ip(SERVER)}` }]),
    ],
  }
}

/** RFC 3442: width, and as many octets as are significant. */
function encodeRoute(prefix: string): string {
  const [network, width] = prefix.split('/') as [string, string]
  return u8(Number(width)) + ip(network).slice(0, Math.ceil(Number(width) / 8) * 2)
}

function forever(machine: Machine): unknown {
  return { name: 'forever', test: `pkt4.mac == 0x${mac(machine.mac)}`, 'valid-lifetime': INFINITE }
}

const ARCHITECTURES: readonly (readonly [name: string, types: readonly number[], file: string])[] = [
  ['bios', [0], BOOT.bios],
  ['ia32', [6], BOOT.ia32],
  ['x64', [7, 9], BOOT.x64],
  ['arm64', [11], BOOT.arm64],
]

/** The first class that sets a boot file wins. */
function bootClasses(): unknown[] {
  const boot = (name: string, test: string, file: string): unknown => ({
    name,
    test,
    'boot-file-name': file,
    'next-server': SERVER,
    'option-data': [
      { name: 'boot-file-name', data: file },
      { name: 'tftp-server-name', data: SERVER },
    ],
  })
  const isArch = (type: number): string => `option[93].hex == 0x${type.toString(16).padStart(4, '0')}`
  return [
    boot('cage', `relay4[1].hex == 0x${BOOT.refusedCircuit}`, BOOT.refused),
    boot('door', `relay4[2].hex == 0x${BOOT.refusedRemote}`, BOOT.refused),
    boot('unicast', 'relay4[10].hex == 0x80', BOOT.refused),
    boot(
      'ipxe',
      `option[77].hex == 'iPXE' or substring(option[77].hex, 1, 4) == 'iPXE' or option[175].exists`,
      BOOT.scriptUrl,
    ),
    ...ARCHITECTURES.map(([name, types, file]) => boot(name, types.map(isArch).join(' or '), file)),
  ]
}
