import type { Environment } from '@marcbachmann/cel-js'
import { inSubnet, maskOfPrefix, parseIpv4, parseMac, type Ipv4Address } from '@reboots/protocol/net'
import { RE2JS } from 're2js'
import { LIMITS } from '../limits.ts'
import { HISTORY_METHODS } from './history-type.ts'

/**
 * What expressions may call, and with how many arguments (the receiver of a method not counted). Anything else that the CEL
 * library offers is refused: JavaScript regular expressions, time zones of the host, decoders, `cel.bind`.
 */
export const FUNCTIONS: Readonly<Record<string, readonly number[]>> = {
  has: [1],
  size: [1],
  string: [1],
  int: [1],
  double: [1],
  bool: [1],
  dyn: [1],
  type: [1],
  timestamp: [1],
  duration: [1],
  ip: [1],
  isIP: [1],
  cidr: [1],
  mac: [1],
  oui: [1],
  kernelArch: [2],
  urlJoin: [2],
  basename: [1],
}

export const METHODS: Readonly<Record<string, readonly number[]>> = {
  size: [0],
  startsWith: [1],
  endsWith: [1],
  contains: [1],
  matches: [1],
  lowerAscii: [0],
  upperAscii: [0],
  trim: [0],
  indexOf: [1, 2],
  lastIndexOf: [1, 2],
  substring: [1, 2],
  join: [0, 1],
  orElse: [1],
  containsIP: [1],
  ...HISTORY_METHODS,
  all: [2],
  exists: [2],
  exists_one: [2],
  map: [2, 3],
  filter: [2],
  getFullYear: [0],
  getMonth: [0],
  getDate: [0],
  getDayOfWeek: [0],
  getHours: [0],
  getMinutes: [0],
  getSeconds: [0],
  getMilliseconds: [0],
}

export const MACROS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])

/** Calls whose argument has to be a literal, so that it is read once, when the policy is, and not by every packet. */
export const LITERAL_ARGUMENT: ReadonlySet<string> = new Set(['matches', 'timestamp', 'duration'])

/** A regular expression as a CEL value. RE2 runs in time linear to the text, whatever the pattern. */
export class Pattern {
  readonly re2: RE2JS
  constructor(re2: RE2JS) {
    this.re2 = re2
  }
}

/** The method that calls of `matches` are rewritten to; no expression can spell it. */
export const RE2_METHOD = 'matches_re2'

/** @throws Error with RE2's words if the pattern cannot be read or is too big. */
export function compilePattern(text: string): Pattern {
  if (text.length > LIMITS.patternCharacters)
    throw new Error(`pattern longer than ${LIMITS.patternCharacters} characters`)
  const re2 = RE2JS.compile(text)
  if (re2.programSize() > LIMITS.patternProgram) throw new Error('pattern too big: too many repetitions')
  return new Pattern(re2)
}

class Ip {
  readonly address: Ipv4Address
  constructor(address: Ipv4Address) {
    this.address = address
  }
}

class Cidr {
  readonly network: Ipv4Address
  readonly mask: Ipv4Address
  constructor(network: Ipv4Address, mask: Ipv4Address) {
    this.network = network
    this.mask = mask
  }
}

const sync = { async: false }

/** `ip() cidr() containsIP()` as in Kubernetes' CEL (IPv4), `mac() oui() orElse()`, and what boot file names are made with. */
export function registerFunctions(environment: Environment): void {
  environment
    .registerType('Pattern', { ctor: Pattern, fields: {} })
    .registerType('IP', { ctor: Ip, fields: {} })
    .registerType('CIDR', { ctor: Cidr, fields: {} })
    .registerFunction(`string.${RE2_METHOD}(Pattern): bool`, (text: string, p: Pattern) => p.re2.test(text), sync)
    .registerFunction('isIP(string): bool', (text: string) => parseIpv4(text) !== undefined, sync)
    .registerFunction('ip(string): IP', parseIp, sync)
    .registerFunction('cidr(string): CIDR', parseCidr, sync)
    .registerFunction('CIDR.containsIP(IP): bool', (c: Cidr, ip: Ip) => inSubnet(ip.address, c.network, c.mask), sync)
    .registerFunction(
      'CIDR.containsIP(string): bool',
      (c: Cidr, text: string) => inSubnet(parseIp(text).address, c.network, c.mask),
      sync,
    )
    .registerOperator('IP == IP', (a: Ip, b: Ip) => a.address === b.address)
    .registerFunction('mac(string): string', canonicalMac, sync)
    .registerFunction('oui(string): string', (text: string) => canonicalMac(text).slice(0, 8), sync)
    .registerFunction(
      'string.orElse(string): string',
      (text: string, other: string) => (text === '' ? other : text),
      sync,
    )
    .registerFunction('kernelArch(string, string): string', kernelArch, sync)
    .registerFunction('urlJoin(string, string): string', urlJoin, sync)
    .registerFunction('basename(string): string', basename, sync)
}

function parseIp(text: string): Ip {
  const address = parseIpv4(text)
  if (address === undefined) throw new Error(`not an IPv4 address: ${JSON.stringify(text)}`)
  return new Ip(address)
}

function parseCidr(text: string): Cidr {
  const match = /^([0-9.]+)\/(\d{1,2})$/.exec(text)
  const network = match?.[1] === undefined ? undefined : parseIpv4(match[1])
  const prefix = Number(match?.[2])
  if (network === undefined || prefix > 32) throw new Error(`not an IPv4 network: ${JSON.stringify(text)}`)
  return new Cidr(network, maskOfPrefix(prefix))
}

function canonicalMac(text: string): string {
  const mac = parseMac(text)
  if (mac === undefined) throw new Error(`not a MAC address: ${JSON.stringify(text)}`)
  return mac
}

/** The architecture as Linux names it (`uname -m`): the record's, under any of its names, else what the firmware is made for. */
function kernelArch(recorded: string, firmware: string): string {
  const names: Readonly<Record<string, string>> = { amd64: 'x86_64', x64: 'x86_64', arm64: 'aarch64' }
  if (recorded !== '') return Object.hasOwn(names, recorded) ? names[recorded]! : recorded
  switch (firmware) {
    case 'uefi-arm64':
    case 'rpi':
      return 'aarch64'
    case 'uefi-riscv64':
      return 'riscv64'
    case 'uefi-loongarch64':
      return 'loongarch64'
    default:
      return 'x86_64'
  }
}

const ABSOLUTE_URL = /^[a-z][a-z0-9+.-]*:\/\//i

function urlJoin(base: string, name: string): string {
  if (ABSOLUTE_URL.test(name)) return name
  if (base === '')
    throw new Error(`no URL to find ${JSON.stringify(name)} below: neither the record nor the site has one`)
  return `${base.replace(/\/+$/, '')}/${name.replace(/^\/+/, '')}`
}

/** Last part of the path of a URL or file name. */
function basename(url: string): string {
  const path = url.replace(/[?#].*$/s, '')
  return path.slice(path.lastIndexOf('/') + 1)
}
