import { formatIpv4, maskOfPrefix, networkOf, parseIpv4, parseMac, type MacAddress } from '@reboots/protocol/net'
import type { Cursor } from './cursor.ts'
import { quote } from './problem.ts'

/** A day: what a lease lasts when the record does not say, or says 0, which would make a client ask again at once for ever. */
export const DEFAULT_LEASE_SECONDS = 86_400

const LONGEST_LEASE = 0xffff_ffff

/** One line of text, empty when absent. A number or boolean is taken as it would be written. */
export function text(field: Cursor): string {
  const value = lines(field)
  // eslint-disable-next-line no-control-regex
  if (!/[\u0000-\u001f\u007f]/.test(value)) return value
  field.refuse('must be one line without control characters')
  return ''
}

/** Text of any number of lines, empty when absent. */
export function lines(field: Cursor): string {
  const { value } = field
  if (typeof value === 'string') return value
  if (value === undefined) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  field.refuse(`must be text, not ${quote(value)}`)
  return ''
}

/** A list of one-line texts, without empty ones. */
export function texts(field: Cursor): string[] {
  return field
    .items()
    .map(text)
    .filter((item) => item !== '')
}

/** True or false; false when absent. */
export function flag(field: Cursor): boolean {
  const { value } = field
  if (typeof value === 'boolean') return value
  if (value !== undefined) field.refuse(`must be true or false (without quotes), not ${quote(value)}`)
  return false
}

/** A dotted quad, empty when absent or empty. Refuses IPv6: these fields become four octets of a DHCPv4 message. */
export function ipv4(field: Cursor): string {
  const written = text(field).trim()
  if (written === '' || parseIpv4(written) !== undefined) return written
  field.refuse(notIpv4(written))
  return ''
}

/** Dotted quads. What is none is left out with a warning: DHCPv4 cannot carry it, and the machine can do with the others. */
export function ipv4List(field: Cursor): string[] {
  return field.items().flatMap((item) => {
    const written = text(item).trim()
    if (parseIpv4(written) !== undefined) return [written]
    if (written !== '') item.warn(`${notIpv4(written)}; it is left out`)
    return []
  })
}

function notIpv4(written: string): string {
  const what = written.includes(':') ? 'an IPv6 address' : 'no IPv4 address'
  return `${quote(written)} is ${what}: write a dotted quad such as 192.0.2.10`
}

/** Canonical text; undefined (and refused) if it cannot be the address of one station. */
export function mac(field: Cursor): MacAddress | undefined {
  const { value } = field
  const parsed = typeof value === 'string' ? parseMac(value.trim()) : undefined
  if (parsed === undefined) {
    const why =
      typeof value === 'number' ? 'YAML read a number here: put the address in quotes' : 'write it as 00:00:5e:00:53:01'
    field.refuse(`${quote(value)} is no MAC address; ${why}`)
    return undefined
  }
  return stationAddress(parsed, (message) => field.refuse(message))
}

/** The MAC if one station can have it: not all zeros, and without the group bit, the lowest of the first octet. */
export function stationAddress(parsed: MacAddress, refuse: (message: string) => void): MacAddress | undefined {
  const group = (Number.parseInt(parsed.slice(0, 2), 16) & 1) === 1
  if (!group && /[^0:]/.test(parsed)) return parsed
  refuse(
    `${parsed} is ${group ? 'a group (multicast or broadcast) address' : 'no address'}; write the one of the interface`,
  )
  return undefined
}

/** Seconds, 1 to 4294967295 (RFC 2132 §9.2); absent and 0 are a day. */
export function leaseSeconds(field: Cursor): number {
  const { value } = field
  const seconds = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value
  if (seconds === undefined || seconds === 0) return DEFAULT_LEASE_SECONDS
  if (typeof seconds === 'number' && Number.isInteger(seconds) && seconds > 0 && seconds <= LONGEST_LEASE)
    return seconds
  field.refuse(
    `must be whole seconds from 0 (meaning ${DEFAULT_LEASE_SECONDS}) to ${LONGEST_LEASE}, not ${quote(value)}`,
  )
  return DEFAULT_LEASE_SECONDS
}

/** A URL with a scheme, empty when absent. iPXE settings in it (`${mac}`) are left for iPXE to fill in. */
export function url(field: Cursor, schemes: readonly string[] = FETCHABLE): string {
  const written = text(field).trim()
  if (written === '') return ''
  const parsed = URL.parse(written.replaceAll(/\$\{[^}]*\}/g, 'x'))
  if (parsed !== null && schemes.includes(parsed.protocol) && !/\s/.test(written)) return written
  const named = schemes.map((scheme) => `${scheme}//`).join(', ')
  field.refuse(`${quote(written)} is no URL; write it whole, beginning with ${named}`)
  return ''
}

const FETCHABLE = ['http:', 'https:', 'tftp:', 'ftp:', 'nfs:']
export const HTTP_ONLY: readonly string[] = ['http:', 'https:']

/** A VLAN id as text, 0 to 4096 as the custom resource has it. */
export function vlanId(field: Cursor): string {
  const written = text(field).trim()
  if (written === '' || (/^\d{1,4}$/.test(written) && Number(written) <= 4096)) return written
  field.refuse(`${quote(written)} is no VLAN id; write a number from 0 to 4096`)
  return ''
}

/** `10.0.0.0/8`, undefined (and refused) for anything else. Bits behind the prefix are cleared with a warning. */
export function cidr(field: Cursor): string | undefined {
  const written = text(field).trim()
  const [address, length, ...more] = written.split('/')
  const parsed = parseIpv4(address ?? '')
  const prefix = prefixLength(length ?? '')
  if (parsed === undefined || prefix === undefined || more.length > 0) {
    field.refuse(`${quote(written)} is no IPv4 network; write it as 10.0.0.0/8`)
    return undefined
  }
  const network = `${formatIpv4(networkOf(parsed, maskOfPrefix(prefix)))}/${prefix}`
  if (network !== written) field.warn(`${quote(written)} has bits behind the prefix; ${network} is used`)
  return network
}

/** 0 to 32 from text such as `24`. */
export function prefixLength(written: string): number | undefined {
  return /^\d{1,2}$/.test(written) && Number(written) <= 32 ? Number(written) : undefined
}

/** The name of an architecture as boot files have it: `amd64` and the like become `x86_64`, `arm64` becomes `aarch64`. */
export function architecture(field: Cursor): string {
  const written = text(field).trim()
  return ALIASES.get(written.toLowerCase()) ?? written
}

const ALIASES: ReadonlyMap<string, string> = new Map([
  ['amd64', 'x86_64'],
  ['x64', 'x86_64'],
  ['x86-64', 'x86_64'],
  ['x86_64', 'x86_64'],
  ['arm64', 'aarch64'],
  ['aarch64', 'aarch64'],
])
