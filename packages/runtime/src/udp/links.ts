import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { parseIpv4, parseMac, type Ipv4Address, type MacAddress } from '@reboots/protocol/net'
import { didYouMean } from '../nearest.ts'
import { OperatorError } from '../operator-error.ts'

/** A network interface that machines are answered on. */
export interface UdpLink {
  readonly name: string
  readonly index: number
  /** Its first IPv4 address. */
  readonly address: Ipv4Address
  readonly mask: Ipv4Address
  readonly hardwareAddress: MacAddress
}

/** OperatorError if it is missing or has no IPv4 address. */
export function findLink(name: string): UdpLink {
  const existing = interfaceNames()
  if (!existing.includes(name)) {
    throw new OperatorError(
      `there is no network interface "${name}"${didYouMean(name, existing)}`,
      `Set one of: ${existing.join(', ')} (--interface NAME, or links.interfaces in the configuration); or links.wait: true if it is yet to come.`,
    )
  }
  const link = linkNamed(name)
  if (link === undefined) {
    throw new OperatorError(
      `network interface ${name} has no IPv4 address, or is down`,
      `Give it one: ip link set ${name} up; ip address add 192.0.2.1/24 dev ${name}. Or choose another interface, or set links.wait: true.`,
    )
  }
  return link
}

/** Undefined when there is none of this name, or it has no IPv4 address or is down. `all`: what there is, for who asks for many. */
export function linkNamed(name: string, all = networkInterfaces()): UdpLink | undefined {
  const found = all[name]?.find((entry) => entry.family === 'IPv4')
  const address = parseIpv4(found?.address ?? '')
  const hardwareAddress = parseMac(found?.mac ?? '')
  if (found === undefined || address === undefined || hardwareAddress === undefined) return undefined
  return { name, index: linkIndex(name), address, mask: parseIpv4(found.netmask)!, hardwareAddress }
}

/** The interfaces of this network namespace, from /proc/net/dev, which shows down ones too; elsewhere those that are up. */
export function interfaceNames(): string[] {
  const table = textOf('/proc/net/dev')
  if (table === '') return Object.keys(networkInterfaces())
  return [...table.matchAll(/^\s*([^\s:|]+):/gm)].map((match) => match[1]!)
}

/**
 * The interface of the default route; without one, the only interface that has an IPv4 address, if there is just one.
 * /proc/net/route: Iface Destination Gateway Flags RefCnt Use Metric Mask …, numbers hexadecimal; the least metric is used.
 */
export function defaultRouteInterface(): string {
  const routes = textOf('/proc/net/route')
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .filter((columns) => columns[1] === '00000000' && columns[7] === '00000000')
    .sort((a, b) => Number(a[6]) - Number(b[6]))
  const name = routes[0]?.[0]
  if (name !== undefined) return name
  const others = interfaceNames().filter((other) => other !== 'lo')
  const usable = others.filter((other) => networkInterfaces()[other]?.some((entry) => entry.family === 'IPv4'))
  if (usable.length === 1) return usable[0]!
  throw new OperatorError(
    'no network interface is named, and there is no default route to take one from',
    others.length === 0
      ? 'This machine has no network interface but loopback; add one.'
      : `Name the one that machines boot from: --interface NAME, or links.interfaces. There is ${others.join(', ')}.`,
  )
}

/** 0 when there is none of this name. */
export function linkIndex(name: string): number {
  return Number(textOf(`/sys/class/net/${name}/ifindex`) || 0)
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
