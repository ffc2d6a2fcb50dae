import type { TransferRun } from './adapters/transfer-run.ts'

/** A request that is being answered: from its arrival, over the opening of its file, to the end of its transfer. */
export interface Entry {
  /** The request as it came, to know it when it comes again. */
  readonly request: Uint8Array
  run?: TransferRun
  /** Whether the client has acknowledged anything: then it knows our TID, and has no reason to repeat its request. */
  answered(): boolean
  replaced: boolean
}

/** A client that is this long silent, having answered before, and then sends its request again, has been switched off in between. */
const RESTARTED_AFTER_MS = 5000

/** A machine answers the first packet within a round trip: one that has not for so long was never there, or its address was forged. */
const NEVER_THERE_AFTER_MS = 5000

/** What to do with a request: begin, or nothing, because it has begun already, or because there are too many. */
export type Admission = Entry | 'repeated-request' | 'busy'

/** The transfers of the service, by the client's address and port (and ours): RFC 1350 §4 knows a transfer by the two TIDs. */
export class Transfers {
  readonly #limit: number
  readonly #entries = new Map<string, Entry>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get active(): number {
    return this.#entries.size
  }

  /**
   * Lets a request in. The same request from the same port again is a retransmission of it: the transfer's own timer takes care of
   * what the client has missed. Another request from that port means that the client has given up the first.
   */
  admit(key: string, request: Uint8Array): Admission {
    const known = this.#entries.get(key)
    if (known !== undefined && !restarted(known) && Buffer.compare(known.request, request) === 0)
      return 'repeated-request'
    if (known !== undefined) this.#drop(key, known, 'a new request came from its port')
    if (this.#entries.size >= this.#limit && !this.#makeRoom()) return 'busy'
    const entry: Entry = { request: Uint8Array.from(request), answered: () => false, replaced: false }
    this.#entries.set(key, entry)
    return entry
  }

  /** Forged requests that name a timeout of minutes could hold all places for as long. */
  #makeRoom(): boolean {
    for (const [key, entry] of this.#entries) {
      if (entry.run === undefined || entry.answered() || entry.run.silentFor <= NEVER_THERE_AFTER_MS) continue
      this.#drop(key, entry, 'it has never answered, and its place is needed')
      return true
    }
    return false
  }

  #drop(key: string, entry: Entry, why: string): void {
    entry.replaced = true
    entry.run?.abandon(why)
    this.#entries.delete(key)
  }

  leave(key: string, entry: Entry): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key)
  }

  all(): readonly Entry[] {
    return [...this.#entries.values()]
  }
}

function restarted(entry: Entry): boolean {
  return entry.run !== undefined && entry.answered() && entry.run.silentFor > RESTARTED_AFTER_MS
}
