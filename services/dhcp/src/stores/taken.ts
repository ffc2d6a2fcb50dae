import type { AddressEntry, AddressRange, Hold, Lease, LeaseRecord } from '@reboots/leases'
import type { Instant, Ipv4Address } from '@reboots/protocol/net'
import { ascending } from './ascending.ts'

export const EVERYTHING: AddressRange = { first: 0 as Ipv4Address, last: 0xffffffff as Ipv4Address }

/** Whether there is more to tell of an address than whose it was. */
export function isTaken({ record, hold }: AddressEntry): boolean {
  return record.state !== 'free' || hold !== undefined
}

/** The leases among all that the books say. */
export async function* leasesIn(entries: AsyncIterable<readonly AddressEntry[]>): AsyncGenerator<Lease> {
  for await (const piece of entries) {
    for (const { record } of piece) {
      if (record.state !== 'free') yield { ...record, state: record.state }
    }
  }
}

/** What rows and holds say at `then` of the addresses of a range that are taken, ascending, in pieces between which others have their turn. */
export async function* takenIn(
  rows: ReadonlyMap<Ipv4Address, LeaseRecord>,
  holds: ReadonlyMap<Ipv4Address, Hold>,
  then: Instant,
  { first, last }: AddressRange,
): AsyncGenerator<AddressEntry[]> {
  const held = [...holds.keys()].filter((address) => !rows.has(address))
  const addresses = held.length === 0 ? rows.keys() : [...held, ...rows.keys()]
  for await (const piece of ascending(addresses, (address) => first <= address && address <= last)) {
    const entries = piece.map((address) => ({
      record: rows.get(address) ?? neverHad(address),
      hold: holds.get(address),
    }))
    yield entries.map((entry) => asOf(entry, then)).filter(isTaken)
  }
}

/** The record of an address that nobody ever had. */
export function neverHad(address: Ipv4Address): LeaseRecord {
  return { client: '', address, state: 'free', expiresAt: 0 as Instant }
}

/** What is over is over, also where nobody has noticed yet. */
export function asOf({ record, hold }: AddressEntry, then: Instant): AddressEntry {
  const over = record.state !== 'free' && record.expiresAt <= then
  const client = record.state === 'declined' ? '' : record.client
  return {
    record: over ? { ...record, client, state: 'free' } : record,
    hold: hold && hold.expiresAt > then ? hold : undefined,
  }
}
