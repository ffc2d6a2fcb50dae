import type { hardware } from '@reboots/api'
import { parseIpv4, parseMac, type Ipv4Address, type MacAddress } from '@reboots/protocol/net'
import { MatchIndex, type Found, type MatchIndexOptions, type Traits } from './match-index.ts'

interface Keys<T> {
  readonly values: readonly T[]
  readonly macs: readonly MacAddress[]
  readonly addresses: readonly Ipv4Address[]
  /** Absent for most machines. */
  readonly matches?: readonly hardware.Match[]
}

interface Entry<T> {
  readonly id: string
  readonly value: T
}

/** Machines by MAC and by reserved address: one look-up per packet, nothing computed in it. By what else, only where there is such a record. */
export interface MachineIndex<T, F> {
  byMac(mac: MacAddress): T | undefined
  byIp(address: Ipv4Address): T | undefined
  /** Its interfaces in the order of the record; none for an id that no machine has. */
  byId(id: string): readonly T[]
  /** Some record is found by something else than a MAC. */
  readonly matching: boolean
  byTraits(traits: Traits<F>): Found<T> | undefined
  /** Every interface of every machine. */
  values(): Iterable<T>
  readonly size: number
  readonly addresses: Iterable<Ipv4Address>
  /**
   * Several machines at once, so that an address can move from one to another within a change. Returns the addresses that some of
   * them had before or have now.
   */
  apply(upserted: readonly hardware.Machine[], deletedIds: readonly string[]): ReadonlySet<Ipv4Address>
}

/**
 * `prepare` turns an interface into what the service wants to find; `refused` hears of machines that it throws for or that cannot be
 * indexed: they are left out, and no longer found under what they were before.
 */
export function createMachineIndex<T, F>(
  prepare: (machine: hardware.Machine, iface: hardware.Interface) => T,
  refused: (machine: hardware.Machine, error: unknown) => void,
  options: MatchIndexOptions<F> = {},
): MachineIndex<T, F> {
  const machines = new Map<string, Keys<T>>()
  const matches = new MatchIndex<T, F>(options)
  const macs = new Map<MacAddress, Entry<T>>()
  const addresses = new Map<Ipv4Address, Entry<T>>()

  function remove(id: string): void {
    const keys = machines.get(id)
    if (keys === undefined) return
    machines.delete(id)
    for (const mac of keys.macs) if (macs.get(mac)?.id === id) macs.delete(mac)
    for (const address of keys.addresses) if (addresses.get(address)?.id === id) addresses.delete(address)
    for (const match of keys.matches ?? []) matches.remove(match, id)
  }

  function add(machine: hardware.Machine): void {
    const found = machine.interfaces.map((iface) => ({
      ...keysOf(iface),
      entry: { id: machine.id, value: prepare(machine, iface) },
    }))
    const own = machine.interfaces.flatMap(({ match }) => match ?? [])
    addMatches(machine, found)
    for (const { mac, address, entry } of found) {
      if (mac !== undefined) macs.set(mac, entry)
      if (address !== undefined) addresses.set(address, entry)
    }
    machines.set(machine.id, {
      values: found.map(({ entry }) => entry.value),
      macs: found.flatMap(({ mac }) => mac ?? []),
      addresses: found.flatMap(({ address }) => (address === undefined ? [] : [address])),
      ...(own.length > 0 && { matches: own }),
    })
  }

  /** All of them or none. */
  function addMatches({ id, interfaces }: hardware.Machine, found: readonly { readonly entry: Entry<T> }[]): void {
    const added: hardware.Match[] = []
    try {
      for (const [place, { match }] of interfaces.entries()) {
        if (match === undefined) continue
        matches.add(match, { id, place, value: found[place]!.entry.value })
        added.push(match)
      }
    } catch (error) {
      for (const match of added) matches.remove(match, id)
      throw error
    }
  }

  return {
    byMac: (mac) => macs.get(mac)?.value,
    byIp: (address) => addresses.get(address)?.value,
    byId: (id) => machines.get(id)?.values ?? [],
    get matching() {
      return !matches.empty
    },
    byTraits: (traits) => matches.find(traits),
    *values() {
      for (const { values } of machines.values()) yield* values
    },
    get size() {
      return machines.size
    },
    get addresses() {
      return addresses.keys()
    },
    apply(upserted, deletedIds) {
      const touched = new Set<Ipv4Address>()
      const touch = (id: string): void => machines.get(id)?.addresses.forEach((address) => touched.add(address))
      for (const id of deletedIds) touch(id)
      for (const { id } of upserted) touch(id)
      for (const id of deletedIds) remove(id)
      for (const machine of upserted) remove(machine.id)
      for (const machine of upserted) {
        try {
          add(machine)
        } catch (error) {
          refused(machine, error)
        }
        touch(machine.id)
      }
      return touched
    },
  }
}

interface Key {
  readonly mac: MacAddress | undefined
  readonly address: Ipv4Address | undefined
}

function keysOf(iface: hardware.Interface): Key {
  const mac = parseMac(iface.mac)
  if (mac === undefined && (iface.mac !== '' || iface.match === undefined))
    throw new Error(`"${iface.mac}" is not a MAC address`)
  const text = iface.dhcp?.address ?? ''
  const address = parseIpv4(text)
  if (text !== '' && address === undefined) throw new Error(`"${text}" is not an IPv4 address`)
  return { mac, address }
}
