import type { Instant } from '@reboots/protocol/net'
import type { BootClient } from '@reboots/protocol/pxe'
import { historySubject, NO_HISTORY, withBoot, withBooted, type Boot, type BootHistory } from './boot-history.ts'
import type { Verdict } from './decision.ts'
import type { MachineFacts } from './facts.ts'
import type { Histories } from './history-record.ts'
import type { Policy } from './policy.ts'

/** Something to boot that was sent, and to whom. */
export interface Sent {
  readonly subject: string
  readonly boot: Boot
}

/** Of an operating system that says that it runs. */
export interface SaidBooted {
  readonly subject: string
  readonly booted: Instant
}

export type Seen = Sent | SaidBooted

/** What the rules-engine has been told is in the replica by then, even if the stream has to be opened again meanwhile. */
const REMEMBERED_MS = 60_000
/** Within this time a client asks again for what it has been sent. */
const REPEATED_MS = 30_000
/** Without the rules-engine. */
const MOST_UNTOLD = 10_000

/**
 * What this service has seen of machines, on top of what the replica holds: the next decision knows of it at once, also when the
 * rules-engine does not answer. An event that is in both counts once.
 */
export class SeenBoots implements Histories {
  readonly #replica: Histories
  readonly #now: () => Instant
  readonly #bySubject = new Map<string, Seen[]>()
  readonly #told: { readonly event: Seen; readonly at: Instant }[] = []
  #untold: Seen[] = []
  /** Events that there was no room for. */
  dropped = 0
  /** Called when there is something to tell. */
  onAdd: () => void = () => {}

  constructor(replica: Histories, now: () => Instant) {
    this.#replica = replica
    this.#now = now
  }

  of(subject: string): BootHistory | undefined {
    const held = this.#replica.of(subject)
    return this.#bySubject.get(subject)?.reduce(apply, held ?? NO_HISTORY) ?? held
  }

  add(event: Seen): void {
    const { subject } = event
    this.#bySubject.set(subject, [...(this.#bySubject.get(subject) ?? []), event])
    this.#untold.push(event)
    if (this.#untold.length > MOST_UNTOLD) {
      this.#forget(this.#untold.shift()!)
      this.dropped++
    }
    this.onAdd()
  }

  /** Unless the machine was sent the same within half a minute: clients repeat their messages, and that is one boot. */
  addOnce(sent: Sent): void {
    const { at, profile } = sent.boot
    const last = this.of(sent.subject)?.boots.at(-1)
    if (last?.profile !== profile || last.at <= at - REPEATED_MS) this.add(sent)
  }

  /** What the rules-engine does not know yet, oldest first. */
  get untold(): readonly Seen[] {
    return this.#untold
  }

  /** It knows of these now. */
  tell(events: readonly Seen[]): void {
    const at = this.#now()
    const known = new Set(events)
    this.#untold = this.#untold.filter((event) => !known.has(event))
    this.#told.push(...events.map((event) => ({ event, at })))
    while (this.#told[0] !== undefined && this.#told[0].at <= at - REMEMBERED_MS)
      this.#forget(this.#told.shift()!.event)
  }

  #forget(event: Seen): void {
    const left = this.#bySubject.get(event.subject)?.filter((one) => one !== event) ?? []
    if (left.length === 0) this.#bySubject.delete(event.subject)
    else this.#bySubject.set(event.subject, left)
  }
}

function apply(history: BootHistory, event: Seen): BootHistory {
  return 'boot' in event ? withBoot(history, event.boot) : withBooted(history, event.booted)
}

/**
 * What firmware boots by itself on the strength of its DHCP answer, and asks for nothing more that tells which machine it is; undefined for
 * what is seen later: iPXE's script, the configuration of a loader.
 */
export function firmwareSent(
  policy: Policy,
  { decision, rule }: Verdict,
  client: BootClient,
  machine: MachineFacts,
  now: Instant,
): Sent | undefined {
  if (decision.kind !== 'boot' || decision.firmware === undefined || client.loader !== 'firmware') return undefined
  const kind = policy.profiles.get(decision.profile)?.kind
  const loads = kind === 'nbp' || ((kind === 'uefi-http' || kind === 'iso') && client.transport === 'http')
  if (!loads) return undefined
  return { subject: historySubject(machine, client.mac), boot: { at: now, profile: decision.profile, rule } }
}
