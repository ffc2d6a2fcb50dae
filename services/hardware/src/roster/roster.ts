import { randomUUID } from 'node:crypto'
import type { Ipv4Address, MacAddress } from '@reboots/protocol/net'
import { sameMachine, type Entry } from '../records/entry.ts'
import { Journal, type Revision } from './journal.ts'

/**
 * The machines that are served, and their history. A revision is counted when something changed; watchers that stand at an older one
 * ask what they missed. The epoch names the history: it is random for each process, because a revision number says nothing about
 * what another process served under it, and a replica that resumed there would keep machines that are gone.
 */
export class Roster {
  readonly epoch: string
  readonly #journal: Journal
  readonly #waiting = new Set<() => void>()
  #revision = 0n
  #complete = false
  #entries: readonly Entry[] = []
  #byId: ReadonlyMap<string, Entry> = new Map()
  #byMac: ReadonlyMap<MacAddress, Entry> = new Map()
  #byAddress: ReadonlyMap<Ipv4Address, Entry> = new Map()

  constructor(journal = new Journal(), epoch: string = randomUUID()) {
    this.#journal = journal
    this.epoch = epoch
  }

  /** 0 until the machines are known for the first time. */
  get revision(): bigint {
    return this.#revision
  }

  /** Every source was read. If not, what is missing is not known to be gone. */
  get complete(): boolean {
    return this.#complete
  }

  /** In the order of the files. The array is never changed: a slow reader may keep it. */
  get entries(): readonly Entry[] {
    return this.#entries
  }

  byId(id: string): Entry | undefined {
    return this.#byId.get(id)
  }

  byMac(mac: MacAddress): Entry | undefined {
    return this.#byMac.get(mac)
  }

  byAddress(address: Ipv4Address): Entry | undefined {
    return this.#byAddress.get(address)
  }

  /** These are the machines from now on; ids, MACs and addresses are unique. Returns how many are new, changed or gone. */
  publish(entries: readonly Entry[], complete: boolean): number {
    const before = this.#byId
    this.#index(entries)
    const upserted = entries.filter((entry) => {
      const old = before.get(entry.id)
      return old === undefined || !sameMachine(old, entry)
    })
    const deletedIds = [...before.keys()].filter((id) => !this.#byId.has(id))
    const changes = upserted.length + deletedIds.length
    if (changes > 0 || this.#revision === 0n) {
      this.#revision += 1n
      this.#journal.add({ revision: this.#revision, upserted, deletedIds })
    }
    this.#complete = complete
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
    return changes
  }

  /** What was published after a revision, oldest first; undefined if that is not remembered. */
  since(revision: bigint): readonly Revision[] | undefined {
    if (revision > this.#revision || revision === 0n) return undefined
    return this.#journal.since(revision, this.#revision)
  }

  /** Resolves at the next `publish`, or when the signal is aborted. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#waiting.add(done)
      signal.addEventListener('abort', done)
      if (signal.aborted) done()
    })
  }

  #index(entries: readonly Entry[]): void {
    this.#entries = entries
    this.#byId = new Map(entries.map((entry) => [entry.id, entry]))
    this.#byMac = new Map(entries.flatMap((entry) => entry.macs.map((mac) => [mac, entry] as const)))
    this.#byAddress = new Map(entries.flatMap((entry) => entry.addresses.map((address) => [address, entry] as const)))
  }
}
