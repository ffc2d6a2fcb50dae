import type { Instant, Ipv4Address, MacAddress, Seconds } from '@reboots/protocol/net'

/** An address that is to be offered, if nobody uses it. */
export interface ProbeRequest {
  readonly address: Ipv4Address
  /** The interface that the client is on, or that its relay agent is reached by. */
  readonly link: string
  /** ARP on that link, or ICMP echo for what is behind a router. */
  readonly method: 'arp' | 'icmp'
  /** Who is to have the address: its own answer is no objection. */
  readonly client: MacAddress
  /** The client has had the address: it need not be asked for. */
  readonly known: boolean
  /** It is asked now, whatever was found out before. */
  readonly anew?: boolean
}

/** `free`: as far as is known. Who answered is known by ARP only. */
export type ProbeResult = 'free' | { readonly occupant: MacAddress | undefined }

/** What is known of the address at once; or undefined, and `done` is called once, later. */
export type Probe = (request: ProbeRequest, done: (result: ProbeResult) => void) => ProbeResult | undefined

/** One way to ask on one wire. */
export interface Asker {
  /** Puts one question on the wire. False: it cannot be asked. */
  ask(address: Ipv4Address): boolean
  /** Whether answers are waited for; nothing is read in between. */
  listen(listening: boolean): void
  close(): void
}

/** What became of a request, as a metric label. */
export type ProbeOutcome = 'free' | 'in-use' | 'remembered' | 'over-budget' | 'impossible'

export interface ProbeBudget {
  /** How long an answer is waited for. The question is repeated once, after half of it. */
  readonly waitMilliseconds: number
  /** Most probes on one wire that are begun within that time. */
  readonly atOnce: number
  /** How long an address counts as free that nobody answered for. */
  readonly rememberSeconds: Seconds
}

export interface ProberOptions {
  /** How to ask; undefined: there is no way. `answered` is to be called with every answer. */
  askerFor(request: ProbeRequest): Asker | undefined
  count(request: ProbeRequest, outcome: ProbeOutcome): void
  now(): Instant
  /** Calls back after so many milliseconds, unless the function it returns is called before. */
  later(milliseconds: number, wake: () => void): () => void
}

interface Running {
  readonly asker: Asker
  readonly waiting: { readonly request: ProbeRequest; readonly done: (result: ProbeResult) => void }[]
  readonly stopRepeating: () => void
}

/** Nothing is asked for. */
const NONE: ProbeBudget = { waitMilliseconds: 0, atOnce: 0, rememberSeconds: 0 as Seconds }

/** More addresses than are given out in the time they are remembered, but for the longest of times. */
const MOST_REMEMBERED = 65_536

/**
 * Finds out whether somebody uses an address, for many clients at once and within a budget: whoever comes when it is used up is told at
 * once that nothing is known, so a site that is switched on as a whole is not slowed down.
 */
export class Prober {
  /** For what is begun from now on. */
  budget: ProbeBudget
  readonly #options: ProberOptions
  readonly #running = new Map<Ipv4Address, Running>()
  /** Probes begun on a wire within the last `waitMilliseconds`. */
  readonly #begun = new Map<Asker, number>()
  /** Addresses that count as free, until when; the first to be forgotten comes first. */
  readonly #free = new Map<Ipv4Address, Instant>()
  readonly #timers = new Set<() => void>()

  constructor(options: ProberOptions, budget: ProbeBudget = NONE) {
    this.#options = options
    this.budget = budget
  }

  readonly probe: Probe = (request, done) => {
    const running = this.#running.get(request.address)
    if (running !== undefined) return void running.waiting.push({ request, done })
    const outcome = this.#skipped(request) ?? this.#begin(request, done)
    if (outcome === undefined) return undefined
    this.#options.count(request, outcome)
    return 'free'
  }

  /** Probes that answers are waited for, for a gauge. */
  get size(): number {
    return this.#running.size
  }

  /** Somebody uses the address: `occupant`, if that is known. */
  answered(asker: Asker, address: Ipv4Address, occupant: MacAddress | undefined): void {
    const running = this.#running.get(address)
    if (running === undefined || running.asker !== asker) return
    const isClient = ({ request }: Running['waiting'][number]): boolean => request.client === occupant
    if (occupant !== undefined && running.waiting.every(isClient)) return
    this.#end(address, running, { occupant })
  }

  /** Nobody is called back any more. */
  close(): void {
    for (const stop of this.#timers) stop()
    this.#timers.clear()
    this.#running.clear()
  }

  #skipped({ address, known, anew }: ProbeRequest): ProbeOutcome | undefined {
    if (anew === true) return undefined
    const now = this.#options.now()
    if (known) this.#remember(address, now)
    return (this.#free.get(address) ?? 0) > now ? 'remembered' : undefined
  }

  #begin(request: ProbeRequest, done: (result: ProbeResult) => void): ProbeOutcome | undefined {
    const { address } = request
    const { waitMilliseconds, atOnce } = this.budget
    const asker = this.#options.askerFor(request)
    if (asker === undefined) return 'impossible'
    const begun = this.#begun.get(asker) ?? 0
    if (begun >= atOnce) return 'over-budget'
    if (begun === 0) asker.listen(true)
    if (!asker.ask(address)) {
      if (begun === 0) asker.listen(false)
      return 'impossible'
    }
    this.#begun.set(asker, begun + 1)
    const stopRepeating = this.#later(waitMilliseconds / 2, () => void asker.ask(address))
    const running = { asker, waiting: [{ request, done }], stopRepeating }
    this.#running.set(address, running)
    this.#later(waitMilliseconds, () => this.#timeIsUp(address, running))
    return undefined
  }

  /** A probe counts for the whole time, answered or not: so the budget is a rate as well. */
  #timeIsUp(address: Ipv4Address, running: Running): void {
    const { asker } = running
    const begun = this.#begun.get(asker)! - 1
    if (begun > 0) {
      this.#begun.set(asker, begun)
    } else {
      this.#begun.delete(asker)
      asker.listen(false)
    }
    if (this.#running.get(address) === running) this.#end(address, running, 'free')
  }

  #end(address: Ipv4Address, running: Running, result: ProbeResult): void {
    this.#running.delete(address)
    running.stopRepeating()
    if (result === 'free') this.#remember(address, this.#options.now())
    this.#options.count(running.waiting[0]!.request, result === 'free' ? 'free' : 'in-use')
    for (const { request, done } of running.waiting) {
      done(result === 'free' || result.occupant === request.client ? 'free' : result)
    }
  }

  #remember(address: Ipv4Address, now: Instant): void {
    this.#free.delete(address)
    this.#free.set(address, (now + this.budget.rememberSeconds * 1000) as Instant)
    for (const [oldest, until] of this.#free) {
      if (until > now && this.#free.size <= MOST_REMEMBERED) break
      this.#free.delete(oldest)
    }
  }

  #later(milliseconds: number, wake: () => void): () => void {
    const stop = this.#options.later(milliseconds, () => {
      this.#timers.delete(stop)
      wake()
    })
    this.#timers.add(stop)
    return () => {
      this.#timers.delete(stop)
      stop()
    }
  }
}
