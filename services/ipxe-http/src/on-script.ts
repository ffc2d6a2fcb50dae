import { IpxeValueError } from '@reboots/protocol/ipxe'
import { formatIpv4, type Instant, type Ipv4Address, type MacAddress } from '@reboots/protocol/net'
import { architecture, type BootClient } from '@reboots/protocol/pxe'
import {
  clientFacts,
  decide,
  renderBoot,
  UNKNOWN_MACHINE,
  type Facts,
  type NetworkFacts,
  type SiteFacts,
} from '@reboots/rules'
import type { KnownMachine, ScriptPorts } from './ports.ts'
import { bootScript, type Retries } from './boot-script.ts'

/** A request for a boot script, as far as it matters. */
export interface ScriptRequest {
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
  readonly network: NetworkFacts
}

export type ScriptRefusal =
  | 'not-synced'
  | 'unknown-machine'
  | 'ignored-by-policy'
  | 'netboot-not-allowed'
  | 'profile-not-renderable'

export type ScriptAnswer =
  | {
      readonly script: string
      readonly mac: MacAddress
      readonly rule: string
      readonly version: string
      readonly boots: string
    }
  | {
      readonly refused: ScriptRefusal
      readonly text: string
      readonly mac?: MacAddress
      readonly rule?: string
      readonly version?: string
    }

/** The status that tells the reason to whoever asks: never 200 with an error in it. */
export const STATUS: Readonly<Record<ScriptRefusal, number>> = {
  'not-synced': 503,
  'unknown-machine': 404,
  'ignored-by-policy': 404,
  'netboot-not-allowed': 403,
  'profile-not-renderable': 500,
}

/** The boot script of a machine: the same policy and the same facts as in its DHCP answer, one stage later. */
export function onScript(
  request: ScriptRequest,
  ports: ScriptPorts,
  site: SiteFacts,
  retries: Retries,
  now: Instant,
): ScriptAnswer {
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
  const facts = factsOf(request, mac, known, now)
  const verdict = decide(policy, facts)
  const { rule, version, decision } = verdict
  if (decision.kind === 'ignore') {
    return {
      refused: 'ignored-by-policy',
      text: `Rule "${rule}" ignores ${mac}: ${decision.reason}`,
      mac,
      rule,
      version,
    }
  }
  if (decision.kind === 'deny') {
    return {
      refused: 'netboot-not-allowed',
      text: `Rule "${rule}" denies ${mac}: ${decision.reason}`,
      mac,
      rule,
      version,
    }
  }
  const rendered = renderBoot(policy, decision, facts, site, request.item)
  if (rendered.kind === 'failed') {
    const text = `Rule "${rule}" boots ${mac} from a profile that does not work out for it: ${rendered.message}`
    return { refused: 'profile-not-renderable', text, mac, rule, version }
  }
  const itemUrl = (item: number): string => scriptUrl(site.http, mac, request, item)
  try {
    return { script: bootScript(rendered, facts, retries, itemUrl), mac, rule, version, boots: rendered.kind }
  } catch (error) {
    if (!(error instanceof IpxeValueError)) throw error
    return {
      refused: 'profile-not-renderable',
      text: `Rule "${rule}" boots ${mac}: ${error.message}`,
      mac,
      rule,
      version,
    }
  }
}

/** The same script with an entry of its menu chosen: decided on the same facts. */
function scriptUrl(origin: string, mac: MacAddress, { arch, uuid, machine }: ScriptRequest, item: number): string {
  const query = [
    ...(arch === undefined ? [] : [`arch=${arch}`]),
    `item=${item}`,
    ...(machine === undefined ? [] : [`machine=${encodeURIComponent(machine.toWellFormed())}`]),
    ...(uuid === undefined ? [] : [`uuid=${uuid}`]),
  ]
  return `${origin}/ipxe/script/${mac}/auto.ipxe?${query.join('&')}`
}

function lookUp(request: ScriptRequest, ports: ScriptPorts): KnownMachine | undefined {
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

function factsOf(request: ScriptRequest, mac: MacAddress, known: KnownMachine | undefined, now: Instant): Facts {
  const machine = known?.facts ?? UNKNOWN_MACHINE
  const arch = request.arch ?? likelyArchitecture(machine.arch, machine.interface.uefi)
  const client: BootClient = {
    mac,
    arch,
    archs: [arch],
    firmware: architecture(arch)?.firmware ?? 'other',
    transport: 'tftp',
    loader: 'ipxe',
    vendorClass: '',
    userClass: ['iPXE'],
    ...(request.uuid === undefined ? {} : { uuid: request.uuid }),
  }
  return { client: clientFacts(client), network: request.network, machine, now }
}

/** Without an architecture in the URL (the DHCP server is not ours) the record is the best there is. */
function likelyArchitecture(arch: string, uefi: boolean): number {
  if (arch === 'aarch64' || arch === 'arm64') return 11
  return uefi ? 7 : 0
}
