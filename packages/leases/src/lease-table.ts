import { INFINITE, type Instant, type Ipv4Address, type Seconds } from '@reboots/protocol/net'
import { ExpiryQueue } from './expiry-queue.ts'
import { FreeAddresses, type KnownAddress } from './free-addresses.ts'
import { Holds } from './holds.ts'
import {
  NEVER,
  type AddressEntry,
  type AddressRange,
  type Claim,
  type Hold,
  type Lease,
  type LeaseRecord,
  type Pool,
} from './lease.ts'

/** One address in the books: who has it, or who had it last. */
interface Row extends KnownAddress {
  client: string
  state: Lease['state'] | 'free'
  reserved: boolean
  /** A crash would leave the client its lease up to here at least; NEVER_HELD: not at all, as far as is known. */
  durableUntil: Instant
}

/*
 * Longer than 300 lines: an address leaves one queue and enters another in one breath, and whoever splits the table splits that.
 */

/**
 * Who holds which address (RFC 2131 §4.3). Every step takes the time and ends at once; from step to step an address is held by at most
 * one client. Memory is bounded by the number of addresses ever given out, not by the number of clients that asked.
 */
export class LeaseTable {
  readonly #rows = new Map<Ipv4Address, Row>()
  readonly #byClient = new Map<string, Set<Row>>()
  readonly #expiry = new ExpiryQueue<Row>()
  readonly #ranges = new Map<string, FreeAddresses>()
  readonly #holds = new Holds()
  readonly #changing: ((before: LeaseRecord) => void) | undefined
  /** Hears of each lease, quarantine and hold that ended by itself. */
  lapsed: ((ended: LeaseRecord | Hold) => void) | undefined

  /** `changing` hears what the books said of an address just before a step of a client changes it; that a lease expires is no step. */
  constructor(changing?: (before: LeaseRecord) => void) {
    this.#changing = changing
  }

  /**
   * An address for a DISCOVER, held for `offerTime`; undefined when there is none. Order of RFC 2131 §4.3.1: the reservation, the
   * client's present address, the one it had before, the one it asks for, any other. Asking again gives the same address.
   */
  offer(pool: Pool, claim: Claim, now: Instant): Lease | undefined {
    this.#expire(now)
    const address = this.#choose(pool, claim)
    if (address === undefined) return undefined
    const row = this.#rowOf(address)
    const until = after(now, pool.offerTime)
    // An offer that is made again is no news of the address: who made it first may still be finding out whether it is free.
    const known = row.client === claim.client && row.state !== 'offered'
    const lease =
      row.state === 'bound'
        ? this.#hold(row, claim.client, 'bound', row.expiresAt > until ? row.expiresAt : until)
        : this.#hold(row, claim.client, 'offered', until)
    return known ? { ...lease, known } : lease
  }

  /**
   * Gives the requested address to the client for `leaseTime`, whether or not it was offered before (it may be from before a restart);
   * undefined when this client cannot have it. Other addresses of the pool that the client held become free.
   */
  bind(pool: Pool, claim: Claim, now: Instant): Lease | undefined {
    this.#expire(now)
    const address = claim.requested
    if (address === undefined || !this.#mayHave(pool, claim, address)) return undefined
    for (const other of this.#byClient.get(claim.client) ?? []) {
      if (other.address !== address && isHeld(other) && inPool(pool, other.address)) this.#giveBack(other, now)
    }
    return this.#hold(this.#rowOf(address), claim.client, 'bound', after(now, pool.leaseTime))
  }

  /** The client gives its address back; it is remembered as the client's last. Undefined when the client does not hold it. */
  release(client: string, address: Ipv4Address, now: Instant): Lease | undefined {
    this.#expire(now)
    const row = this.#rows.get(address)
    if (row === undefined || row.client !== client || (row.state !== 'offered' && row.state !== 'bound'))
      return undefined
    const lease = leaseOf(row)
    this.#giveBack(row, now)
    return lease
  }

  /**
   * The client found the requested address in use by someone else: nobody gets it for `quarantineTime`. Undefined, and nothing changes,
   * when the address is neither held by nor reserved for this client.
   */
  decline(pool: Pool, claim: Claim, now: Instant): Lease | undefined {
    this.#expire(now)
    const address = claim.requested
    if (address === undefined) return undefined
    const row = this.#rows.get(address)
    const holds = row !== undefined && row.client === claim.client && isHeld(row)
    const owns = address === claim.reserved && (row === undefined || row.state === 'free')
    if (!holds && !owns) return undefined
    return this.#hold(this.#rowOf(address), claim.client, 'declined', after(now, pool.quarantineTime))
  }

  /**
   * Keeps the address for the client for `time`, from now on, whether or not it has a lease there. Undefined when it is another's, in
   * quarantine, kept for another, or reserved.
   */
  hold(client: string, address: Ipv4Address, time: Seconds, now: Instant): Lease | undefined {
    this.#expire(now)
    const row = this.#rows.get(address)
    if (row?.reserved === true || row?.state === 'declined' || this.#isKeptFromOthers(address, client)) return undefined
    if (row !== undefined && row.state !== 'free' && row.client !== client) return undefined
    const hold = { client, address, expiresAt: after(now, time) }
    this.putHold(address, hold)
    return { ...hold, state: 'offered' }
  }

  /** Ends what the client has of the address, also a quarantine it caused. Undefined, and nothing changes, when that is nothing. */
  free(client: string, address: Ipv4Address, what: 'all' | 'lease' | 'hold', now: Instant): Lease | undefined {
    this.#expire(now)
    const hold = what !== 'lease' && this.#holds.isFor(client, address) ? this.#holds.on(address) : undefined
    if (hold !== undefined) this.putHold(address, undefined)
    const row = what === 'hold' ? undefined : this.#rows.get(address)
    if (row === undefined || row.state === 'free' || row.client !== client) return hold && { ...hold, state: 'offered' }
    const lease = leaseOf(row)
    this.#giveBack(row, now)
    return lease
  }

  /** What is on disk now: this client's lease on the address until then. */
  markDurable({ address, client, state, expiresAt }: LeaseRecord): void {
    const row = this.#rows.get(address)
    if (row !== undefined && row.client === client) row.durableUntil = state === 'bound' ? expiresAt : NEVER_HELD
  }

  /** After a step: whether the lease is durable as it is. If not, nothing of it is until it is marked again. */
  isDurable(address: Ipv4Address): boolean {
    const row = this.#rows.get(address)
    if (row === undefined) return false
    if (row.state === 'bound' && row.expiresAt <= row.durableUntil) return true
    row.durableUntil = NEVER_HELD
    return false
  }

  /** Before a `bind`: whether it will lead to a lease that is durable already, or to none, and change nothing else. */
  wouldBeDurable(pool: Pool, { client, requested }: Claim, now: Instant): boolean {
    this.#expire(now)
    const row = requested === undefined ? undefined : this.#rows.get(requested)
    if (row === undefined || row.state !== 'bound' || row.client !== client) return false
    return after(now, pool.leaseTime) <= row.durableUntil && this.#byClient.get(client)!.size === 1
  }

  /** Lets everything end that has ended by now. */
  expire(now: Instant): void {
    this.#expire(now)
  }

  /** The lease on an address; undefined when it is free. */
  at(address: Ipv4Address, now: Instant): Lease | undefined {
    this.#expire(now)
    const row = this.#rows.get(address)
    return row === undefined || row.state === 'free' ? undefined : leaseOf(row)
  }

  /** From now on only a claim that names it as its reservation gets this address. Who holds it now keeps it to the end of the lease. */
  reserve(address: Ipv4Address): void {
    const row = this.#rowOf(address)
    row.reserved = true
    if (row.state === 'free') row.home?.remove(row)
  }

  unreserve(address: Ipv4Address): void {
    const row = this.#rows.get(address)
    if (row === undefined || !row.reserved) return
    row.reserved = false
    if (row.state === 'free' && !this.#isKept(row)) row.home?.add(row)
  }

  /** Addresses taken at `now`, by state. */
  count(now: Instant): Record<Lease['state'], number> {
    this.#expire(now)
    const count = { offered: 0, bound: 0, declined: 0 }
    for (const row of this.#rows.values()) if (row.state !== 'free') count[row.state]++
    return count
  }

  /** What the books say of an address; undefined when it never was in them. */
  record(address: Ipv4Address): LeaseRecord | undefined {
    const row = this.#rows.get(address)
    return row && recordOf(row)
  }

  /** Makes the books say this of an address, whatever they said before: after a restart, or to take a step back. */
  put(record: LeaseRecord): void {
    this.#set(this.#rowOf(record.address), record.client, record.state, record.expiresAt)
  }

  /** Makes the books say this of who an address is kept for. */
  putHold(address: Ipv4Address, hold: Hold | undefined): void {
    const row = this.#rowOf(address)
    if (hold !== undefined) this.#holds.set(hold)
    else this.#holds.delete(address)
    if (row.state !== 'free') return
    if (this.#isKept(row)) row.home?.remove(row)
    else row.home?.add(row)
  }

  holdOn(address: Ipv4Address): Hold | undefined {
    return this.#holds.on(address)
  }

  /** All that the books say of an address at `now`. */
  entry(address: Ipv4Address, now: Instant): AddressEntry | undefined {
    this.#expire(now)
    const row = this.#rows.get(address)
    return row && { record: recordOf(row), hold: this.#holds.on(address) }
  }

  /** Every address that ever was in the books, in no order; it may be read while steps are taken. */
  addresses(): IterableIterator<Ipv4Address> {
    return this.#rows.keys()
  }

  /** The addresses that a client has, had last, or that are kept for it. */
  addressesOf(client: string): Ipv4Address[] {
    const rows = this.#byClient.get(client) ?? []
    return [...new Set([...[...rows].map((row) => row.address), ...this.#holds.of(client)])].toSorted((a, b) => a - b)
  }

  /** Every lease that is not free, in no order. */
  *leases(now: Instant): Generator<Lease> {
    this.#expire(now)
    for (const row of this.#rows.values()) if (row.state !== 'free') yield leaseOf(row)
  }

  #choose(pool: Pool, claim: Claim): Ipv4Address | undefined {
    const { client, requested, reserved } = claim
    if (reserved !== undefined && this.#mayHave(pool, claim, reserved)) return reserved
    const held = this.#holds.size > 0 && this.#holds.of(client).find((address) => this.#mayHave(pool, claim, address))
    if (held) return held
    let had: Ipv4Address | undefined
    for (const row of this.#byClient.get(client) ?? []) {
      if (!this.#mayHave(pool, claim, row.address)) continue
      if (row.state !== 'free') return row.address
      had = row.address
    }
    if (had !== undefined) return had
    if (requested !== undefined && this.#mayHave(pool, claim, requested)) return requested
    return this.#anyFree(pool)
  }

  #mayHave(pool: Pool, claim: Claim, address: Ipv4Address): boolean {
    const row = this.#rows.get(address)
    if (address !== claim.reserved && (row?.reserved === true || !inPool(pool, address))) return false
    if (this.#holds.size > 0 && address !== claim.reserved && this.#isKeptFromOthers(address, claim.client))
      return false
    if (row === undefined || row.state === 'free') return true
    return row.client === claim.client && row.state !== 'declined'
  }

  #anyFree(pool: Pool): Ipv4Address | undefined {
    const ranges = pool.ranges.map((range) => this.#rangeOf(range))
    const address = this.#freeOf(ranges)
    if (address !== undefined) return address
    // What the pools before these took over is looked for only when there is nothing else.
    const again = ranges.filter((range) => range.rewind())
    return again.length === 0 ? undefined : this.#freeOf(ranges)
  }

  #freeOf(ranges: readonly FreeAddresses[]): Ipv4Address | undefined {
    for (const range of ranges) {
      const address = range.takeNew<Row>(
        (address) => this.#used(address),
        (row) => this.#settle(row, range),
      )
      if (address === undefined) continue
      this.#settle(this.#rowOf(address), range)
      return address
    }
    for (const range of ranges) if (range.longestFree !== undefined) return range.longestFree
    return undefined
  }

  /** The row of an address that somebody had or that is reserved. */
  #used(address: Ipv4Address): Row | undefined {
    const row = this.#rows.get(address)
    return row?.client === '' && row.expiresAt === NEVER_HELD && !this.#isKept(row) ? undefined : row
  }

  /** The range is the address's home from now on; it may have had another before the pools were changed. */
  #settle(row: Row, range: FreeAddresses): void {
    if (row.home === range) return
    if (row.state === 'free') row.home?.remove(row)
    row.home?.lose(row.address)
    row.home = range
    if (row.state === 'free' && !this.#isKept(row) && row.expiresAt !== NEVER_HELD) range.add(row)
  }

  #rangeOf(range: AddressRange): FreeAddresses {
    const key = `${range.first}-${range.last}`
    let free = this.#ranges.get(key)
    if (free === undefined) this.#ranges.set(key, (free = new FreeAddresses(range)))
    return free
  }

  #rowOf(address: Ipv4Address): Row {
    let row = this.#rows.get(address)
    if (row === undefined) {
      row = { ...NOBODYS, address }
      this.#rows.set(address, row)
    }
    return row
  }

  #hold(row: Row, client: string, state: Lease['state'], expiresAt: Instant): Lease {
    this.#changing?.(recordOf(row))
    this.#set(row, client, state, expiresAt)
    return leaseOf(row)
  }

  #giveBack(row: Row, now: Instant): void {
    this.#changing?.(recordOf(row))
    this.#set(row, lastClientOf(row), 'free', now)
  }

  /** Reserved, or kept for a client: not for whoever comes. */
  #isKept(row: Row): boolean {
    return row.reserved || (this.#holds.size > 0 && this.#holds.has(row.address))
  }

  #isKeptFromOthers(address: Ipv4Address, client: string): boolean {
    return this.#holds.has(address) && !this.#holds.isFor(client, address)
  }

  /** The one place where an address changes: it leaves its queue, and enters the one of its new state. */
  #set(row: Row, client: string, state: Row['state'], expiresAt: Instant): void {
    if (row.state === 'free') row.home?.remove(row)
    else if (state === 'free') this.#expiry.remove(row)
    if (row.client !== client) this.#belong(row, client)
    row.state = state
    row.expiresAt = expiresAt
    if (state !== 'free') this.#expiry.put(row)
    else if (!this.#isKept(row)) row.home?.add(row)
  }

  #belong(row: Row, client: string): void {
    const before = this.#byClient.get(row.client)
    if (before?.delete(row) === true && before.size === 0) this.#byClient.delete(row.client)
    row.client = client
    row.durableUntil = NEVER_HELD
    if (client === '') return
    const rows = this.#byClient.get(client)
    if (rows) rows.add(row)
    else this.#byClient.set(client, new Set([row]))
  }

  #expire(now: Instant): void {
    for (let row = this.#expiry.takeExpired(now); row; row = this.#expiry.takeExpired(now)) {
      this.lapsed?.(recordOf(row))
      this.#set(row, lastClientOf(row), 'free', row.expiresAt)
    }
    if (this.#holds.size > 0) this.#expireHolds(now)
  }

  #expireHolds(now: Instant): void {
    for (let hold = this.#holds.takeExpired(now); hold; hold = this.#holds.takeExpired(now)) {
      this.putHold(hold.address, undefined)
      this.lapsed?.(hold)
    }
  }
}

/** When the last lease on an address ended that nobody ever had: before all others. */
const NEVER_HELD = 0 as Instant
const NOBODYS: Omit<Row, 'address'> = {
  client: '',
  state: 'free',
  expiresAt: NEVER_HELD,
  reserved: false,
  durableUntil: NEVER_HELD,
  slot: -1,
  home: undefined,
}

/** A declined address is remembered as nobody's: who declined it would only find it in use again. */
function lastClientOf(row: Row): string {
  return row.state === 'declined' ? '' : row.client
}

function isHeld(row: Row): boolean {
  return row.state === 'offered' || row.state === 'bound'
}

function leaseOf(row: Row): Lease {
  return { client: row.client, address: row.address, state: row.state as Lease['state'], expiresAt: row.expiresAt }
}

function recordOf({ client, address, state, expiresAt }: Row): LeaseRecord {
  return { client, address, state, expiresAt }
}

function inPool(pool: Pool, address: Ipv4Address): boolean {
  return pool.ranges.some((range) => range.first <= address && address <= range.last)
}

function after(now: Instant, time: Seconds): Instant {
  return (time === INFINITE ? NEVER : now + time * 1000) as Instant
}
