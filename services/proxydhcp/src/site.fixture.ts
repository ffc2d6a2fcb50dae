import { readFileSync } from 'node:fs'
import type { hardware } from '@reboots/api'
import { fromHex } from '@reboots/protocol/bytes'
import { decodeMessage, withOptions, type DhcpMessage } from '@reboots/protocol/dhcp'
import { parseIpv4, UNSPECIFIED, type Endpoint, type Instant, type Ipv4Address } from '@reboots/protocol/net'
import {
  compileMatch,
  DEFAULT_POLICY,
  machineFacts,
  parsePolicy,
  SeenBoots,
  type BootHistory,
  type MachineFacts,
  type Sighting,
} from '@reboots/rules'
import { answerDatagram, bootServersOn, ChainLoads, createMachineIndex, type DhcpAnswer } from '@reboots/runtime'
import { machine } from '@reboots/testkit'
import { EVERYBODY } from './admission.ts'
import { Choices } from './choices.ts'
import type { Outcome } from './outcome.ts'
import { handle } from './handle.ts'
import { onBootServer } from './on-boot-server.ts'
import type { Arrival, Link, Ports } from './ports.ts'
import { RelayWays } from './relayed.ts'

export const ip = (text: string): Ipv4Address => parseIpv4(text)!

/** The network that the vectors were recorded in. */
export const LINK: Link = { name: 'lan0', address: ip('192.168.77.1'), mask: ip('255.255.255.0') }
export const NOW = 1_700_000_000_000 as Instant
/** A client without an address, and one that has its address and asks a boot server. */
export const NOBODY: Endpoint = { address: UNSPECIFIED, port: 68 }
export const UEFI: Endpoint = { address: ip('192.168.77.87'), port: 4011 }

export const HANDLERS = { 67: handle, 4011: onBootServer } as const

export const BOOT = {
  tftpPort: 69,
  httpPort: 7080,
  macFormat: 'colon' as const,
  binaries: {
    bios: 'undionly.kpxe',
    'uefi-ia32': 'ipxe-i386.efi',
    'uefi-x64': 'ipxe.efi',
    'uefi-arm64': 'ipxe-arm64.efi',
    'uefi-riscv64': 'ipxe-riscv64.efi',
    'uefi-loongarch64': 'ipxe-loong64.efi',
  },
}

export interface SiteOptions {
  readonly machines?: readonly hardware.Machine[]
  /** The text of a policy; undefined: none has been seen yet. Default: the policy that ships. */
  readonly policy?: string | undefined
  /** What is remembered of machines. */
  readonly history?: Readonly<Record<string, BootHistory>>
  readonly synced?: boolean
  readonly settings?: Partial<Ports['settings']>
  readonly boot?: Partial<Parameters<typeof bootServersOn>[1]>
}

/** A proxydhcp service without sockets: records and a policy. */
export function site(options: SiteOptions = {}): Ports {
  const policyText = 'policy' in options ? options.policy : DEFAULT_POLICY
  const policy = policyText === undefined ? undefined : parsePolicy(policyText, 'test')
  const machines = createMachineIndex<MachineFacts, Sighting>(
    machineFacts,
    (_machine, error) => {
      throw error
    },
    { compile: (when) => compileMatch(when).test },
  )
  machines.apply(options.machines ?? [], [])
  return {
    machines: { ...machines, matching: machines.matching, synced: options.synced ?? true },
    policy: { current: () => policy },
    history: new SeenBoots({ of: (subject) => options.history?.[subject] }, () => NOW),
    settings: {
      bootServers: (link) => bootServersOn(link, { ...BOOT, ...options.boot }),
      modeFor: () => 'auto-proxy',
      discovery: { broadcast: false },
      admission: EVERYBODY,
      minimumSecs: 0,
      addresses: new Set([LINK.address]),
      ...options.settings,
    },
    choices: new Choices(),
    chainLoads: new ChainLoads(),
    relayWays: new RelayWays(),
  }
}

/** A site that knows whoever sends this message, and lets it boot or not. */
export function siteOf(message: DhcpMessage, allowPxe = true, options: SiteOptions = {}): Ports {
  return site({ machines: [machine({ mac: macText(message), netboot: { allowPxe } })], ...options })
}

function macText(message: DhcpMessage): string {
  return Array.from(message.chaddr, (octet) => octet.toString(16).padStart(2, '0')).join(':')
}

export function vectorBytes(name: string): Uint8Array {
  const file = new URL(`../../../packages/protocol/vectors/${name}.hex`, import.meta.url)
  return fromHex(readFileSync(file, 'utf8'))
}

export function vector(name: string): DhcpMessage {
  return decodeMessage(vectorBytes(name))
}

/** The message with options set, by code, or taken out. */
export function changed(message: DhcpMessage, options: Readonly<Record<number, string | undefined>>): DhcpMessage {
  const entries = Object.entries(options).map(([code, value]) => [Number(code), value] as const)
  const removed = new Set(entries.filter(([, value]) => value === undefined).map(([code]) => code))
  const kept = new Map([...message.options].filter(([code]) => !removed.has(code)))
  const set = entries.flatMap(([code, value]) => (value === undefined ? [] : [[code, fromHex(value)] as const]))
  return withOptions({ ...message, options: kept }, new Map(set))
}

/** What becomes of octets at one of the two ports. */
export function answered(bytes: Uint8Array, port: 67 | 4011, ports: Ports, from: Endpoint): DhcpAnswer<Outcome> {
  const handler = HANDLERS[port]
  const decide = (...[message, arrival, now]: [DhcpMessage, Arrival, Instant]) => handler(message, arrival, ports, now)
  return answerDatagram({ bytes, from, link: LINK.name, at: NOW }, decide, LINK)
}
