import type { leases } from '@reboots/api'
import type { LeaseEvent } from '@reboots/leases'
import { Refused } from './calls.ts'
import type { ApiPorts } from './ports.ts'
import { readAddress, readClient } from './read.ts'
import { showEvent } from './show.ts'

const LIMIT = 100
const MOST = 1000

export async function onHistory(
  { subject, limit }: leases.HistoryRequest,
  ports: ApiPorts,
): Promise<leases.HistoryResponse> {
  if (subject === undefined) throw new Refused('invalid', 'say whose history: an address, or a client')
  const subjects = subject.$case === 'address' ? [readAddress(subject.value)] : readClient(subject.value)
  const histories = await Promise.all(subjects.map((one) => ports.leases.history(one, ports.now())))
  const events: LeaseEvent[] = histories.length === 1 ? [...histories[0]!] : latestFirst(histories.flat())
  return { events: events.slice(0, Math.min(limit || LIMIT, MOST)).map(showEvent) }
}

function latestFirst(events: LeaseEvent[]): LeaseEvent[] {
  return events.toSorted((one, other) => other.at - one.at)
}
