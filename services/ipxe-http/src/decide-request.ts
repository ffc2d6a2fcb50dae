import { formatIpv4, type Instant, type Ipv4Address, type MacAddress } from '@reboots/protocol/net'
import { architecture, type BootClient } from '@reboots/protocol/pxe'
import {
  clientFacts,
  decide,
  historyFor,
  UNKNOWN_MACHINE,
  type Decision,
  type Facts,
  type NetworkFacts,
  type Policy,
} from '@reboots/rules'
import type { KnownMachine, ScriptPorts } from './ports.ts'

/** A request for what a machine boots, as far as it matters. */
export interface BootRequest {
  /** The MAC of the path; undefined for the routes that answer by source address. */
  readonly mac: MacAddress | undefined
  /** The client's address, behind trusted proxies the one they forward. */
  readonly address: Ipv4Address | undefined
  /** Architecture type and UUID that the DHCP answer wrote into the URL. */
  readonly arch: number | undefined
  readonly uuid: string | undefined
  /** The entry of a menu that was chosen, counted from 1. */
  readonly item: number | undefined
  /** Id of the record, which the DHCP answer wrote there for a machine that was not found by its MAC. */
  readonly machine: string | undefined
  /** What a relay agent said is what the DHCP answer wrote into the URL. */
  readonly network: NetworkFacts
}

/** Why there is nothing to boot. */
export type Refusal = 'not-synced' | 'unknown-machine' | 'ignored-by-policy' | 'netboot-not-allowed'

export interface Refused<R extends string = Refusal> {
  readonly refused: R
  /** The reason for people. */
  readonly text: string
  readonly mac?: MacAddress
  readonly rule?: string
  readonly version?: string
}

/** What the policy gives a machine that is not refused. */
export interface Decided {
  readonly mac: MacAddress
  readonly facts: Facts
  readonly policy: Policy
  readonly decision: Exclude<Decision, { readonly kind: 'deny' | 'ignore' }>
  readonly rule: string
  readonly version: string
}

/** Decides by the same policy and the same facts as in the machine's DHCP answer, one stage later, when this loader runs. */
export function decideRequest(
  request: BootRequest,
  loader: BootClient['loader'],
  ports: ScriptPorts,
  now: Instant,
): Decided | Refused {
  const policy = ports.policy()
  if (policy === undefined || !ports.machinesSynced) {
    return {
      refused: 'not-synced',
      text: 'The boot policy or the hardware records have not been received yet; try again.',
    }
  }
  const known = lookUp(request, ports)
  const mac = request.mac ?? known?.mac
  if (mac === undefined) {
    return {
      refused: 'unknown-machine',
      text: 'No hardware record has this address; name the machine by its MAC: /<mac>/auto.ipxe',
    }
  }
  const facts = factsOf(request, loader, mac, known, now)
  const history = historyFor(policy, facts.machine, mac, ports.history)
  const { rule, version, decision } = decide(policy, { ...facts, history })
  ports.decided?.({ ...facts, history })
  const decided = { mac, rule, version }
  switch (decision.kind) {
    case 'ignore':
      return { refused: 'ignored-by-policy', text: `Rule "${rule}" ignores ${mac}: ${decision.reason}`, ...decided }
    case 'deny':
      return { refused: 'netboot-not-allowed', text: `Rule "${rule}" denies ${mac}: ${decision.reason}`, ...decided }
    case 'boot':
    case 'menu':
    case 'ask':
    case 'local-disk':
      return { ...decided, facts, policy, decision }
  }
}

function lookUp(request: BootRequest, ports: ScriptPorts): KnownMachine | undefined {
  const { mac, address, machine, uuid } = request
  if (mac === undefined) return address === undefined ? undefined : ports.machineByAddress(address)
  return (
    ports.machineByMac(mac) ??
    (machine === undefined ? undefined : interfaceOf(ports.machineById(machine), address)) ??
    (uuid === undefined ? undefined : ports.machineByUuid(uuid))
  )
}

/** The one with the address that asks, if that is its own, else the first that is found by something else than its MAC. */
function interfaceOf(found: readonly KnownMachine[], address: Ipv4Address | undefined): KnownMachine | undefined {
  const text = address === undefined ? '' : formatIpv4(address)
  const matched = found.filter((known) => known.matched)
  return matched.find(({ facts }) => facts.interface.address === text) ?? matched[0]
}

function factsOf(
  request: BootRequest,
  loader: BootClient['loader'],
  mac: MacAddress,
  known: KnownMachine | undefined,
  now: Instant,
): Facts {
  const machine = known?.facts ?? UNKNOWN_MACHINE
  const arch = request.arch ?? likelyArchitecture(machine.arch, machine.interface.uefi)
  const client: BootClient = {
    mac,
    arch,
    archs: [arch],
    firmware: architecture(arch)?.firmware ?? 'other',
    transport: 'tftp',
    loader,
    vendorClass: '',
    userClass: loader === 'ipxe' ? ['iPXE'] : [],
    ...(request.uuid === undefined ? {} : { uuid: request.uuid }),
  }
  return { client: clientFacts(client), network: request.network, machine, now }
}

/** Without an architecture in the URL (the DHCP server is not ours) the record is the best there is. */
function likelyArchitecture(arch: string, uefi: boolean): number {
  if (arch === 'aarch64' || arch === 'arm64') return 11
  return uefi ? 7 : 0
}
