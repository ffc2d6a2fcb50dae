import type { DhcpMessage } from '@reboots/protocol/dhcp'
import type { Datagram, Instant } from '@reboots/protocol/net'
import type { Probe, ProbeResult } from '../probe/prober.ts'
import type { DhcpDecider, DhcpDecision, DhcpLink, DhcpOutcome, DhcpParked, DhcpPending } from './answer.ts'
import { clientOf, type Client } from './client-of.ts'
import { Queue, type Queued } from './queue.ts'

/** Why a message was not looked at: too many wait, or its client has said something since, and is busy with an address being probed. */
export type Dropped = 'overloaded' | 'superseded'

/** A message on its way from arrival to outcome. */
export interface Visitor<O extends DhcpOutcome, Step, Result> {
  readonly message: DhcpMessage
  readonly datagram: Datagram
  /** Where it came in; looked at when the message is decided, as the settings are. */
  readonly at: { readonly link: DhcpLink }
  readonly decide: DhcpDecider<O, Step, Result>
  /** Called once with what became of it. */
  readonly done: (outcome: O | Dropped) => void
}

export interface WaitingRoomOptions<Step, Result> {
  /** Carries out a step that nothing has to wait for; undefined, and nothing has happened: it is one for `run`. Absent: all are. */
  readonly attempt?: ((step: Step, now: Instant) => Result | undefined) | undefined
  /** Carries out steps in their order and resolves when they are durable; never rejects. */
  run(steps: readonly Step[], now: Instant): Promise<readonly Result[]>
  /** Asks whether somebody uses an address; absent: every address is taken for free. */
  readonly probe?: Probe | undefined
  /** Most messages whose steps are being carried out. */
  readonly mostRunning: number
  /** Most messages that wait for that; then the oldest of them is dropped. */
  readonly mostWaiting: number
}

/** Under load steps gather until there are so many, or for so long: a transaction costs a disk little more for hundreds of leases than for ten. */
const MOST_GATHERED = 256
const GATHERING_MS = 4

interface Place<O extends DhcpOutcome, Step, Result> extends Queued<Place<O, Step, Result>> {
  readonly visitor: Visitor<O, Step, Result>
  readonly client: Client
  pending: DhcpPending<O, Step, Result> | undefined
}

/**
 * Where messages wait for a step in a store. What needs no step passes at once. Steps of the messages of one batch are carried out
 * together; the next batch does not wait for that, except that messages of one client are decided one after the other, each when the
 * one before it has its outcome. So a reply always tells of a state of affairs that the client's earlier messages have led to.
 *
 * A message whose address is being probed is parked: it is in nobody's way, neither in the store nor in the bounds of this room. How
 * many there are is the prober's to limit. Behind it only the latest message of its client waits.
 */
export class WaitingRoom<O extends DhcpOutcome, Step, Result> {
  readonly #options: WaitingRoomOptions<Step, Result>
  /** Clients that have a message here, with those that came after it. */
  readonly #clients = new Map<Client, Place<O, Step, Result>[]>()
  /** Everything that is not being carried out, oldest first. */
  readonly #waiting = new Queue<Place<O, Step, Result>>()
  /** Those of them whose turn it is. */
  #ready: Place<O, Step, Result>[] = []
  /** Clients that have a message which is parked. */
  readonly #parked = new Set<Client>()
  #running = 0
  #gathering: NodeJS.Timeout | undefined

  constructor(options: WaitingRoomOptions<Step, Result>) {
    this.#options = options
  }

  /** Messages here, for a gauge. */
  get size(): number {
    return this.#waiting.size + this.#running
  }

  /** Decides the message, or keeps it until it can be decided. What was kept moves on at the next `settle`. */
  enter(visitor: Visitor<O, Step, Result>): void {
    const client = clientOf(visitor.message)
    const place: Place<O, Step, Result> = { visitor, client, pending: undefined, older: undefined, newer: undefined }
    const before = this.#clients.get(client)
    if (before !== undefined) {
      before.push(place)
      this.#wait(place)
      if (before.length > 1 && this.#parked.has(client)) this.#drop(before[0]!, 'superseded')
    } else if (!this.#passes(place, decided(visitor))) {
      this.#clients.set(client, [])
    }
  }

  /** Starts what is ready; to be called at the end of a batch. With `more` to be read at once, steps of that may be gathered first. */
  settle(more = false): void {
    if (more && this.#ready.length < MOST_GATHERED) {
      if (this.#ready.length > 0) this.#gathering ??= setTimeout(() => this.settle(), GATHERING_MS)
      return
    }
    clearTimeout(this.#gathering)
    this.#gathering = undefined
    const room = this.#options.mostRunning - this.#running
    if (this.#ready.length === 0 || room <= 0) return
    const starting = this.#ready.length <= room ? this.#ready : this.#ready.slice(0, room)
    this.#ready = this.#ready.slice(starting.length)
    for (const place of starting) this.#waiting.delete(place)
    this.#running += starting.length
    void this.#run(starting)
  }

  async #run(places: readonly Place<O, Step, Result>[]): Promise<void> {
    const steps = places.map((place) => place.pending!.step)
    const results = await this.#options.run(steps, places.at(-1)!.visitor.datagram.at)
    this.#running -= places.length
    for (const [index, place] of places.entries()) {
      if (this.#passes(place, place.pending!.conclude(results[index]!))) this.#next(place.client)
    }
    if (this.#gathering === undefined) this.settle()
  }

  /** True when there is an outcome; otherwise the message waits for its step. */
  #passes(place: Place<O, Step, Result>, first: DhcpDecision<O, Step, Result>): boolean {
    let decision = first
    while ('step' in decision) {
      const result = this.#options.attempt?.(decision.step, place.visitor.datagram.at)
      if (result === undefined) {
        place.pending = decision
        this.#ready.push(place)
        this.#wait(place)
        return false
      }
      decision = decision.conclude(result)
    }
    if ('probe' in decision) return this.#park(place, decision)
    place.visitor.done(decision)
    return true
  }

  /** True when the address needs no probe after all, and there is an outcome. */
  #park(place: Place<O, Step, Result>, parked: DhcpParked<O, Step, Result>): boolean {
    const { probe } = this.#options
    const resume = (result: ProbeResult): void => {
      this.#parked.delete(place.client)
      if (this.#passes(place, parked.resume(result))) this.#next(place.client)
      this.settle()
    }
    const known = probe === undefined ? 'free' : probe(parked.probe, resume)
    if (known !== undefined) return this.#passes(place, parked.resume(known))
    this.#parked.add(place.client)
    return false
  }

  /** The messages of a client that waited for its turn, up to the next that needs a step. */
  #next(client: Client): void {
    const after = this.#clients.get(client)
    for (let place = after?.shift(); place !== undefined; place = after?.shift()) {
      this.#waiting.delete(place)
      if (!this.#passes(place, decided(place.visitor))) return
    }
    this.#clients.delete(client)
  }

  #wait(place: Place<O, Step, Result>): void {
    this.#waiting.add(place)
    if (this.#waiting.size > this.#options.mostWaiting) this.#drop(this.#waiting.oldest!, 'overloaded')
  }

  #drop(place: Place<O, Step, Result>, why: Dropped): void {
    this.#waiting.delete(place)
    if (place.pending === undefined) remove(this.#clients.get(place.client)!, place)
    else remove(this.#ready, place)
    place.visitor.done(why)
    if (place.pending !== undefined) this.#next(place.client)
  }
}

function decided<O extends DhcpOutcome, Step, Result>(
  visitor: Visitor<O, Step, Result>,
): DhcpDecision<O, Step, Result> {
  const { message, datagram, at } = visitor
  return visitor.decide(message, { link: at.link, from: datagram.from }, datagram.at)
}

/** The oldest is at the front or near it. */
function remove<T>(list: T[], element: T): void {
  list.splice(list.indexOf(element), 1)
}
