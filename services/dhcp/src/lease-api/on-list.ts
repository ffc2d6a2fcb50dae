import type { leases } from '@reboots/api'
import type { AddressEntry } from '@reboots/leases'
import { formatIpv4 } from '@reboots/protocol/net'
import type { ApiPorts } from './ports.ts'
import { readClient, readSubnet } from './read.ts'
import { machineOf, showLease, showState } from './show.ts'

/** Every address that is taken or reserved and that the filters let through, ascending, in parts. */
export async function* onList(request: leases.ListRequest, ports: ApiPorts): AsyncGenerator<leases.ListResponse> {
  const within = readSubnet(request.subnet)
  const wanted = filterOf(request, ports)
  for await (const piece of ports.leases.entries(ports.now(), within)) {
    const found = piece.filter(wanted).map(showLease)
    if (found.length > 0) yield { leases: found }
  }
}

function filterOf({ states, client, text }: leases.ListRequest, ports: ApiPorts): (entry: AddressEntry) => boolean {
  const names = client === '' ? undefined : new Set(readClient(client))
  const needle = text.toLowerCase()
  return (entry) => {
    const { record, hold } = entry
    if (states.length > 0 && !states.includes(showState(record.state))) return false
    if (names !== undefined && !names.has(record.client) && !names.has(hold?.client ?? '')) return false
    return needle === '' || textOf(entry, ports).includes(needle)
  }
}

function textOf(entry: AddressEntry, ports: ApiPorts): string {
  const { record, hold } = entry
  const machine = machineOf(entry, ports)
  const names = [machine?.name ?? '', machine?.interface.hostname ?? '']
  return [formatIpv4(record.address), record.client, hold?.client ?? '', ...names].join('\n').toLowerCase()
}
