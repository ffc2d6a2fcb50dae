import type { Environment } from '@marcbachmann/cel-js'
import { inSubnet, maskOfPrefix, parseIpv4, parseMac, type Ipv4Address } from '@reboots/protocol/net'

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

/** `ip() isIP() cidr() isCIDR() containsIP() containsCIDR()` as in Kubernetes' CEL, for IPv4, and `mac() isMAC() oui()`. */
export function registerAddresses(environment: Environment): void {
  const holds = (network: Cidr, ip: Ip): boolean => inSubnet(ip.address, network.network, network.mask)
  // A longer mask is the bigger number.
  const covers = (around: Cidr, inner: Cidr): boolean =>
    inner.mask >= around.mask && inSubnet(inner.network, around.network, around.mask)
  environment
    .registerType('IP', { ctor: Ip, fields: {} })
    .registerType('CIDR', { ctor: Cidr, fields: {} })
    .registerFunction('isIP(string): bool', (text: string) => parseIpv4(text) !== undefined, sync)
    .registerFunction('ip(string): IP', parseIp, sync)
    .registerOperator('IP == IP', (one: Ip, other: Ip) => one.address === other.address)
    .registerFunction('isCIDR(string): bool', (text: string) => networkOfText(text) !== undefined, sync)
    .registerFunction('cidr(string): CIDR', parseCidr, sync)
    .registerFunction('CIDR.containsIP(IP): bool', holds, sync)
    .registerFunction(
      'CIDR.containsIP(string): bool',
      (network: Cidr, text: string) => holds(network, parseIp(text)),
      sync,
    )
    .registerFunction('CIDR.containsCIDR(CIDR): bool', covers, sync)
    .registerFunction(
      'CIDR.containsCIDR(string): bool',
      (around: Cidr, text: string) => covers(around, parseCidr(text)),
      sync,
    )
    .registerFunction('isMAC(string): bool', (text: string) => parseMac(text) !== undefined, sync)
    .registerFunction('mac(string): string', canonicalMac, sync)
    .registerFunction('oui(string): string', ouiOf, sync)
}

export function parseIp(text: string): Ip {
  const address = parseIpv4(text)
  if (address === undefined) throw new Error(`not an IPv4 address: ${JSON.stringify(text)}`)
  return new Ip(address)
}

export function parseCidr(text: string): Cidr {
  const network = networkOfText(text)
  if (network === undefined) throw new Error(`not an IPv4 network: ${JSON.stringify(text)}`)
  return network
}

function networkOfText(text: string): Cidr | undefined {
  const match = /^([0-9.]+)\/(\d{1,2})$/.exec(text)
  const network = match?.[1] === undefined ? undefined : parseIpv4(match[1])
  const prefix = Number(match?.[2])
  return network === undefined || prefix > 32 ? undefined : new Cidr(network, maskOfPrefix(prefix))
}

export function canonicalMac(text: string): string {
  const mac = parseMac(text)
  if (mac === undefined) throw new Error(`not a MAC address: ${JSON.stringify(text)}`)
  return mac
}

/** The first three octets of a MAC address. */
export function ouiOf(text: string): string {
  return canonicalMac(text).slice(0, 8)
}
