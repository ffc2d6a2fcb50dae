import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { BOOT, DOMAIN, EXTRAS, INFINITE, LEASE_SECONDS, NAME_SERVERS, SERVER, TIME_SERVERS } from '../site.ts'
import type { Machine, MenuItem, Site } from '../site.ts'
import { bytes } from '../wire/octets.ts'
import type { Stand, Subject } from './subject.ts'

const NO_HTTP = 'HTTPClient'
const FIRST_INSTANCE = 'the first instance counts, the rest is lost'

/** Of version 2.90. */
const stands: Readonly<Record<string, Stand>> = {
  'P1.zero': { deviates: 'secs and hops are copied' },
  P3: { deviates: 'BOOTP is answered, even without a whole cookie' },
  'P3.type': { deviates: 'an unreadable type counts as BOOTP' },
  'P3.counted': { notClaimed: 'no such counter' },
  P6: { deviates: '28 is sent unasked' },
  P10: { deviates: FIRST_INSTANCE },
  'P10.values': { deviates: FIRST_INSTANCE },
  'P10.areas': { deviates: FIRST_INSTANCE },
  'P10.order': { deviates: FIRST_INSTANCE },
  'P10.split': { notClaimed: 'no values over 255 octets' },
  P12: { deviates: 'never echoed' },
  'P12.short': { deviates: 'never echoed' },
  'P12.nak': { deviates: 'never echoed' },
  'P13.end': { deviates: '255 ends the list' },
  S3: { deviates: 'offered to both' },
  S6: { deviates: 'NAK' },
  'S6.pool': { deviates: 'NAK' },
  'S7.unknown': { deviates: 'ACK for an unknown client' },
  'S10.pool': { deviates: 'offered again at once' },
  'S13.source': { notClaimed: 'INFORM without `ciaddr`' },
  S16: { deviates: 'nothing is read during a ping' },
  'S16.own': { deviates: 'an answer of the client itself counts' },
  'S16.known': { deviates: 'nothing is read during a ping' },
  'A6.unprivileged': { notClaimed: 'needs the privilege' },
  R4: { deviates: 'classed anew, without the circuit' },
  'R3.reserved': { notClaimed: 'by hardware address or client identifier only' },
  'R3.replaced': { notClaimed: 'by hardware address or client identifier only' },
  'R4.reserved': { notClaimed: 'by hardware address or client identifier only' },
  R8: { deviates: 'to port 67' },
  R9: { notClaimed: 'no tag for it' },
  R10: { deviates: 'answered' },
  R11: { deviates: '151 echoed' },
  R12: { notClaimed: 'no such list' },
  'X93.later': { deviates: 'only the first type counts' },
  'X97.broken': { deviates: 'one of 18 octets is echoed as 17' },
  X97b: { notClaimed: 'octets only' },
  'X60.http': { notClaimed: NO_HTTP },
  'XAR.none': { deviates: 'OFFER for any architecture' },
  'XAR.http': { notClaimed: NO_HTTP },
  Y4: { deviates: 'a menu of one item instead' },
  Y9: { deviates: 'OFFER all the same' },
  Y10: { notClaimed: NO_HTTP },
  'B1.inform': { deviates: 'INFORM is not answered' },
  B3: { deviates: 'ACK for another server' },
  'B5.asked': { deviates: 'header fields only' },
  'B8.multicast': { notClaimed: 'joins no multicast group' },
}

/** dnsmasq, authoritative and without its blocking ping unless the site asks for it. */
export const dnsmasq: Subject = {
  name: 'dnsmasq',
  commands: ['dnsmasq'],
  stands,
  async start(host, directory, site) {
    const file = path.join(directory, 'dnsmasq.conf')
    const lines = site.mode === 'proxy' ? proxyLines(site) : dhcpLines(site)
    const leases = `dhcp-leasefile=${path.join(directory, 'leases')}`
    await writeFile(
      file,
      [...COMMON, leases, ...site.links.map(({ name }) => `interface=${name}`), ...lines, ''].join('\n'),
    )
    const start = async () => {
      const running = host.start('dnsmasq', { command: 'dnsmasq', args: ['--no-daemon', `--conf-file=${file}`] })
      await running.waitFor(/DHCP, (IP range|proxy)/)
      return running
    }
    let running = await start()
    return {
      async crash() {
        await running.stop('SIGKILL')
        running = await start()
      },
      malformed: () => Promise.reject(new Error('dnsmasq does not count them')),
    }
  },
}

const COMMON = ['port=0', 'user=root', 'pid-file=', 'bind-interfaces', 'log-dhcp']

function dhcpLines({ subnets, machines, rapidCommit, probe }: Site): string[] {
  return [
    'dhcp-authoritative',
    ...(probe === true ? [] : ['no-ping']),
    ...(rapidCommit === true ? ['dhcp-rapid-commit'] : []),
    `domain=${DOMAIN}`,
    ...subnets.flatMap(({ prefix, router, pool }) => {
      const tag = prefix.replace('/', '-')
      return [
        `dhcp-range=set:${tag},${pool.join(',')},255.255.255.0,${LEASE_SECONDS}`,
        `dhcp-option=tag:${tag},option:router,${router}`,
      ]
    }),
    `dhcp-option=option:dns-server,${NAME_SERVERS.join(',')}`,
    `dhcp-option=option:ntp-server,${TIME_SERVERS.join(',')}`,
    ...machines.flatMap(machineLines),
    ...Object.entries(EXTRAS).map(([code, value]) => `dhcp-option=${code},${extra(Number(code), value)}`),
    ...bootLines(),
  ]
}

function machineLines(machine: Machine): string[] {
  const tag = machine.hostName
  const lease = machine.leaseTime === INFINITE ? 'infinite' : String(machine.leaseTime)
  const routes = machine.routes.flatMap(({ prefix, router }) => [prefix, router])
  const all = routes.length === 0 ? [] : [...routes, '0.0.0.0/0', SERVER]
  return [
    `dhcp-host=${machine.mac},set:${tag},${machine.address},${machine.hostName},${lease}`,
    ...(machine.nameServers === NAME_SERVERS ? [] : [`dhcp-option=tag:${tag},6,${machine.nameServers.join(',')}`]),
    ...(machine.timeServers === TIME_SERVERS ? [] : [`dhcp-option=tag:${tag},42,${machine.timeServers.join(',')}`]),
    // It refuses a value of more than 255 octets when it reads its configuration.
    ...(all.length === 0 || all.length > 50 ? [] : [`dhcp-option=tag:${tag},121,${all.join(',')}`]),
  ]
}

/** Numbers as it takes them: an address list, a number of seconds, or text. */
function extra(code: number, value: string): string {
  if (code === 108) return String(Number.parseInt(value, 16))
  if (code === 150)
    return value
      .match(/.{8}/g)!
      .map((address) => bytes(address).join('.'))
      .join(',')
  return Buffer.from(value, 'hex').toString('latin1')
}

const ARCHITECTURES: readonly (readonly [arch: number, file: string])[] = [
  [0, BOOT.bios],
  [6, BOOT.ia32],
  [7, BOOT.x64],
  [9, BOOT.x64],
  [11, BOOT.arm64],
]

function bootLines(): string[] {
  return [
    'dhcp-userclass=set:ipxe,iPXE',
    'dhcp-match=set:ipxe,175',
    `dhcp-circuitid=set:cage,${colons(BOOT.refusedCircuit)}`,
    `dhcp-remoteid=set:cage,${colons(BOOT.refusedRemote)}`,
    ...ARCHITECTURES.flatMap(([arch, file]) => [
      `dhcp-match=set:arch${arch},option:client-arch,${arch}`,
      `dhcp-boot=tag:arch${arch},tag:!ipxe,tag:!cage,${file},${SERVER},${SERVER}`,
    ]),
    `dhcp-boot=tag:ipxe,tag:!cage,${BOOT.scriptUrl},${SERVER},${SERVER}`,
    `dhcp-boot=tag:cage,${BOOT.refused},${SERVER},${SERVER}`,
  ]
}

const SYSTEMS = {
  x86PC: BOOT.bios,
  IA32_EFI: BOOT.ia32,
  'X86-64_EFI': BOOT.x64,
  BC_EFI: BOOT.x64,
  ARM64_EFI: BOOT.arm64,
}

function proxyLines({ menu }: Site): string[] {
  const services = Object.entries(SYSTEMS).map(
    ([system, file]) => `pxe-service=tag:!ipxe,tag:!rpi,${system},"one",${file}`,
  )
  return [
    'dhcp-range=192.168.77.0,proxy',
    `dhcp-mac=set:ignored,${BOOT.ignored.mac}`,
    'dhcp-ignore=tag:ignored',
    'dhcp-userclass=set:ipxe,iPXE',
    'dhcp-match=set:ipxe,175',
    'dhcp-mac=set:rpi,b8:27:eb:*:*:*',
    ...(menu === undefined ? services : [`pxe-prompt="${menu.prompt}",${menu.seconds}`, ...menu.items.map(menuLine)]),
    'pxe-service=tag:rpi,x86PC,"Raspberry Pi Boot"',
    `dhcp-boot=tag:ipxe,${BOOT.scriptUrl},${SERVER},${SERVER}`,
  ]
}

function menuLine({ text, type, file, server }: MenuItem): string {
  const what = type === undefined ? file : String(type)
  return [`pxe-service=tag:!ipxe,tag:!rpi,x86PC,"${text}"`, what, ...(server === undefined ? [] : [server])].join(',')
}

function colons(hex: string): string {
  return hex.match(/../g)!.join(':')
}
