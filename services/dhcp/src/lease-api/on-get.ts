import type { leases } from '@reboots/api'
import type { AddressEntry } from '@reboots/leases'
import { formatIpv4, type Ipv4Address } from '@reboots/protocol/net'
import { neverHad } from '../stores/taken.ts'
import { Refused } from './calls.ts'
import type { ApiPorts } from './ports.ts'
import { readAddress, readClient } from './read.ts'
import { machineOf, showEvent, showLease } from './show.ts'

/** So many of the latest events go with an address. */
const EVENTS = 10

export async function onGet({ subject }: leases.GetRequest, ports: ApiPorts): Promise<leases.GetResponse> {
  if (subject === undefined) throw new Refused('invalid', 'say what to get: an address, or a client')
  const entries =
    subject.$case === 'address'
      ? [await entryOf(readAddress(subject.value), ports)]
      : await entriesOf(readClient(subject.value), ports)
  if (entries.length === 0) {
    throw new Refused('not-found', `no lease, quarantine or reservation of ${subject.value} is in the books`)
  }
  return { addresses: await Promise.all(entries.map((entry) => detailOf(entry, ports))) }
}

/** What the books say of one address; of one in a known subnet also when they say nothing. */
async function entryOf(address: Ipv4Address, { leases, networks, now }: ApiPorts): Promise<AddressEntry> {
  const [entry] = await leases.look(address, now())
  if (entry !== undefined) return entry
  if (networks.subnetOf(address) !== undefined) return { record: neverHad(address), hold: undefined }
  throw new Refused(
    'not-found',
    `${formatIpv4(address)} is not in the books, and in no subnet of the configuration (dhcp.subnets)`,
  )
}

async function entriesOf(names: readonly string[], { leases, now }: ApiPorts): Promise<AddressEntry[]> {
  const found = await Promise.all(names.map((name) => leases.look(name, now())))
  return [...new Map(found.flat().map((entry) => [entry.record.address, entry])).values()]
}

async function detailOf(entry: AddressEntry, ports: ApiPorts): Promise<leases.AddressDetail> {
  const { record } = entry
  const history = await ports.leases.history(record.address, ports.now())
  const began = record.state === 'bound' || record.state === 'declined' ? record.state : undefined
  const since = history.find((event) => event.kind === began && event.client === record.client)
  const machine = machineOf(entry, ports)
  return {
    lease: showLease(entry),
    since: since && new Date(since.at),
    subnet: ports.networks.subnetOf(record.address)?.text ?? '',
    pooled: ports.networks.isInPool(record.address),
    machine: machine?.name ?? '',
    hostName: machine?.interface.hostname ?? '',
    history: history.slice(0, EVENTS).map(showEvent),
  }
}
