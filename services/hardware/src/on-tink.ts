import type { hardware, tink } from '@reboots/api'
import type { Answer } from './calls.ts'
import { lookUp, type Found } from './on-get-machine.ts'
import { machineOf, sameMachine, type Entry } from './records/entry.ts'
import type { Roster } from './roster/roster.ts'

/** ByMAC, ByIP and ByID: each looks at its own field of the request. */
export function onTinkGet(by: 'mac' | 'ip' | 'id', request: tink.GetRequest, roster: Roster): Answer<tink.Hardware> {
  const found = lookUp({ $case: by, value: request[by] }, roster)
  return 'entry' in found ? { answer: tinkHardware(machineOf(found.entry)) } : found
}

/** Push and Delete: machines are what the files say, and a push would be gone at the next start. */
export function onTinkWrite(): Answer<never> {
  return {
    outcome: 'refused',
    why: 'machines are read from files here: change the record in its file, it is read again at once',
  }
}

/** DeprecatedWatch: the machine as it is, then each time it changes; it may be one that is not known yet. */
export function onTinkWatch(
  request: tink.GetRequest,
  roster: Roster,
  signal: AbortSignal,
): Answer<AsyncIterable<tink.Hardware>> {
  const found = lookUpAny(request, roster)
  if ('outcome' in found && found.outcome === 'invalid') return found
  return { answer: follow(request, roster, signal) }
}

async function* follow(request: tink.GetRequest, roster: Roster, signal: AbortSignal): AsyncGenerator<tink.Hardware> {
  let last: Entry | undefined
  while (!signal.aborted) {
    const found = lookUpAny(request, roster)
    if ('entry' in found && !(last !== undefined && sameMachine(last, found.entry))) {
      last = found.entry
      yield tinkHardware(machineOf(found.entry))
    } else {
      await roster.next(signal)
    }
  }
}

/** By the first field that is set: id, MAC, address. */
function lookUpAny(request: tink.GetRequest, roster: Roster): Found {
  const by = (['id', 'mac', 'ip'] as const).find((field) => request[field] !== '') ?? 'id'
  return lookUp({ $case: by, value: request[by] }, roster)
}

/** The machine in the words of Tink up to 0.9; what they have no word for is left out. */
export function tinkHardware(machine: hardware.Machine): tink.Hardware {
  return {
    id: machine.id,
    version: 0n,
    metadata: JSON.stringify(tinkMetadata(machine)),
    network: {
      interfaces: machine.interfaces.map((iface) => ({ dhcp: tinkDhcp(machine, iface), netboot: tinkNetboot(iface) })),
    },
  }
}

/** Clients look for the facility and the state in it, which other formats keep elsewhere. */
function tinkMetadata({ metadata, facility, state }: hardware.Machine): Record<string, unknown> {
  const named = facility === '' ? {} : { facility: { facility_code: facility } }
  return { ...named, ...(state === '' ? {} : { state }), ...metadata }
}

function tinkDhcp({ arch }: hardware.Machine, { mac, name, uefi, dhcp }: hardware.Interface): tink.Hardware_DHCP {
  const address = dhcp?.address ?? ''
  const ip = { address, netmask: dhcp?.netmask ?? '', gateway: dhcp?.gateway ?? '', family: 4n }
  return {
    mac,
    hostname: dhcp?.hostname ?? '',
    leaseTime: BigInt(dhcp?.leaseSeconds ?? 0),
    nameServers: dhcp?.nameServers ?? [],
    timeServers: dhcp?.timeServers ?? [],
    arch,
    uefi,
    ifaceName: name,
    ip: address === '' ? undefined : ip,
  }
}

function tinkNetboot({ netboot }: hardware.Interface): tink.Hardware_Netboot {
  const { url = '', contents = '' } = netboot?.ipxe ?? {}
  const { baseUrl = '', kernel = '', initrd = '' } = netboot?.osie ?? {}
  return {
    allowPxe: netboot?.allowPxe ?? false,
    allowWorkflow: netboot?.allowWorkflow ?? false,
    ipxe: { url, contents },
    osie: { baseUrl, kernel, initrd },
  }
}
