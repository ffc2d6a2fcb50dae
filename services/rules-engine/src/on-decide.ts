import { status } from '@grpc/grpc-js'
import type { rules } from '@reboots/api'
import { parseIpv4, parseMac, type Instant, type MacAddress } from '@reboots/protocol/net'
import {
  describedClientFacts,
  explain,
  historyFor,
  UNKNOWN_MACHINE,
  type Decision,
  type Explanation,
  type Facts,
  type Histories,
  type Sighting,
} from '@reboots/rules'
import type { KnownMachine, Machines } from './ports.ts'
import type { Publication } from './publisher.ts'

export type DecideAnswer =
  | { readonly response: rules.DecideResponse; readonly note?: string }
  | { readonly code: status; readonly details: string }

/** What a machine would get now. Records that have not been received yet count as unknown machines, and the answer says so. */
export function onDecide(
  request: rules.DecideRequest,
  { policy }: Pick<Publication, 'policy'>,
  machines: Machines,
  histories: Histories,
  now: Instant,
): DecideAnswer {
  const mac = parseMac(request.mac)
  const wrong = mac === undefined ? `mac: not a MAC address: ${JSON.stringify(request.mac)}` : problemIn(request)
  if (mac === undefined || wrong !== undefined) return { code: status.INVALID_ARGUMENT, details: wrong ?? '' }
  const sighting = sightingOf(request, mac)
  const machine = machineOf(request, mac, sighting, machines)
  const note = machines.problem
  const history = historyFor(policy, machine?.facts ?? UNKNOWN_MACHINE, mac, histories)
  const explanation = explain(policy, { ...factsOf(sighting, machine, now), history })
  const response = responseOf(explanation, machine !== undefined, note)
  return note === undefined ? { response } : { response, note }
}

const TRANSPORTS: Readonly<Record<string, string | undefined>> = {
  '': undefined,
  PXEClient: 'tftp',
  HTTPClient: 'http',
}
const RELAY_FLAGS: ReadonlySet<string> = new Set(['unicast', 'broadcast'])
const LOADERS: ReadonlySet<string> = new Set(['', 'firmware', 'ipxe'])

function problemIn(request: rules.DecideRequest): string | undefined {
  const { arch, transport, loader, giaddr, circuitId, remoteId, clientId, relayFlags } = request
  if (arch > 0xffff) return `arch: not an architecture type: ${arch}`
  if (!Object.hasOwn(TRANSPORTS, transport)) return 'transport: PXEClient or HTTPClient'
  if (!LOADERS.has(loader)) return 'loader: firmware or ipxe'
  if (giaddr !== '' && parseIpv4(giaddr) === undefined) return `giaddr: not an IPv4 address: ${JSON.stringify(giaddr)}`
  if (!HEXADECIMAL.test(circuitId)) return 'circuit_id: not hexadecimal'
  if (!HEXADECIMAL.test(remoteId)) return 'remote_id: not hexadecimal'
  if (!HEXADECIMAL.test(clientId)) return 'client_id: not hexadecimal'
  return relayFlags.every((flag) => RELAY_FLAGS.has(flag)) ? undefined : 'relay_flags: unicast or broadcast'
}

const HEXADECIMAL = /^(?:[0-9a-f]{2})*$/i

/** The record that is named, else the one that dhcp would find. */
function machineOf(
  request: rules.DecideRequest,
  mac: MacAddress,
  facts: Sighting,
  machines: Machines,
): KnownMachine | undefined {
  if (request.machineId !== '') {
    const own = machines.byId(request.machineId)
    return own.find(({ facts }) => facts.interface.mac === mac) ?? own[0]
  }
  const known = machines.byMac(mac)
  if (known !== undefined || !machines.matching) return known
  const { circuitId, remoteId } = facts.network
  return machines.byTraits({
    clientId: request.clientId.toLowerCase(),
    circuitId,
    remoteId,
    uuid: facts.client.uuid,
    facts,
  })?.value
}

function factsOf(sighting: Sighting, machine: KnownMachine | undefined, now: Instant): Facts {
  const { client, network } = sighting
  const subnet = machine?.subnet ?? ''
  return { client, network: { ...network, subnet }, machine: machine?.facts ?? UNKNOWN_MACHINE, now }
}

/** Without a transport it is the one of the architecture type, as it would be on the wire. */
function sightingOf(request: rules.DecideRequest, mac: MacAddress): Sighting {
  const { arch, vendorClass, userClass, link, giaddr } = request
  const loader = request.loader === '' ? 'firmware' : request.loader
  const uuid = request.uuid.toLowerCase()
  return {
    client: describedClientFacts({
      mac,
      arch,
      transport: TRANSPORTS[request.transport],
      loader,
      uuid,
      vendorClass,
      userClass,
    }),
    network: {
      link,
      giaddr,
      circuitId: request.circuitId.toLowerCase(),
      remoteId: request.remoteId.toLowerCase(),
      relayFlags: request.relayFlags,
      subnet: '',
    },
  }
}

function responseOf(explanation: Explanation, machineKnown: boolean, note: string | undefined): rules.DecideResponse {
  const { decision, rule, version, trace } = explanation
  return {
    outcome: decision.kind,
    detail: withNote(detailOf(decision), NAMING.has(decision.kind) ? undefined : note),
    rule,
    version,
    trace: trace.map(({ rule, matched, condition, why }) => ({ rule, matched, condition, why })),
    machineKnown,
    dhcpClass: explanation.dhcpClass ?? '',
  }
}

/** Whose detail is a name, and nothing may stand behind that. */
const NAMING: ReadonlySet<Decision['kind']> = new Set(['boot', 'menu', 'ask'])

function detailOf(decision: Decision): string {
  switch (decision.kind) {
    case 'boot':
      return decision.profile
    case 'menu':
      return decision.menu.name
    case 'ask':
      return decision.url
    case 'local-disk':
      return ''
    case 'deny':
    case 'ignore':
      return decision.reason
  }
}

function withNote(detail: string, note: string | undefined): string {
  return note === undefined ? detail : `${detail}${detail === '' ? '' : ' '}(${note})`
}
