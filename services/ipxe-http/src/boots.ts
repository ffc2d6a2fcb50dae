import type { Instant } from '@reboots/protocol/net'
import type { ConfiguredLoader } from '@reboots/protocol/pxe'
import {
  historySubject,
  NO_HISTORY,
  withBoot,
  withBooted,
  type Boot,
  type BootHistory,
  type Histories,
  type RenderedBoot,
} from '@reboots/rules'
import type { Decided } from './decide-request.ts'

/** A boot script that was sent, and to whom. */
export interface Sent {
  readonly subject: string
  readonly boot: Boot
}

/** Of an operating system that says that it runs. */
export interface Booted {
  readonly subject: string
  readonly booted: Instant
}

export type Event = Sent | Booted

/** What the rules-engine has been told is in the replica by then, even if the stream has to be opened again meanwhile. */
const REMEMBERED_MS = 60_000
/** Without the rules-engine. */
const MOST_UNTOLD = 10_000

/**
 * What this service has seen of machines, on top of what the replica holds: the next decision knows of it at once, also when the
 * rules-engine does not answer. An event that is in both counts once.
 */
export class Boots implements Histories {
  readonly #replica: Histories
  readonly #now: () => Instant
  readonly #bySubject = new Map<string, Event[]>()
  readonly #told: { readonly event: Event; readonly at: Instant }[] = []
  #untold: Event[] = []
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

  add(event: Event): void {
    const { subject } = event
    this.#bySubject.set(subject, [...(this.#bySubject.get(subject) ?? []), event])
    this.#untold.push(event)
    if (this.#untold.length > MOST_UNTOLD) {
      this.#forget(this.#untold.shift()!)
      this.dropped++
    }
    this.onAdd()
  }

  /** What the rules-engine does not know yet, oldest first. */
  get untold(): readonly Event[] {
    return this.#untold
  }

  /** It knows of these now. */
  tell(events: readonly Event[]): void {
    const at = this.#now()
    const known = new Set(events)
    this.#untold = this.#untold.filter((event) => !known.has(event))
    this.#told.push(...events.map((event) => ({ event, at })))
    while (this.#told[0] !== undefined && this.#told[0].at <= at - REMEMBERED_MS)
      this.#forget(this.#told.shift()!.event)
  }

  #forget(event: Event): void {
    const left = this.#bySubject.get(event.subject)?.filter((one) => one !== event) ?? []
    if (left.length === 0) this.#bySubject.delete(event.subject)
    else this.#bySubject.set(event.subject, left)
  }
}

function apply(history: BootHistory, event: Event): BootHistory {
  return 'boot' in event ? withBoot(history, event.boot) : withBooted(history, event.booted)
}

/**
 * What a script makes a machine boot; undefined for one that does not: a menu, an end, or a loader that asks for its configuration next,
 * which is the boot then.
 */
export function bootSent(decided: Decided, rendered: RenderedBoot['kind'], item?: number): Sent | undefined {
  if (rendered === 'menu' || rendered === 'exit' || rendered === 'failed') return undefined
  const profile = profileOf(decided.decision, item)
  const kind = decided.policy.profiles.get(profile)?.kind
  return kind === 'grub' || kind === 'pxelinux' ? undefined : sentTo(decided, profile)
}

/** What the configuration of a loader makes it boot. */
export function configSent(decided: Decided, loader: ConfiguredLoader): Sent {
  const { decision, policy } = decided
  const choices = decision.kind === 'menu' ? decision.menu.entries.map(({ boots }) => boots) : [decision]
  const profiles = choices.flatMap((boots) => (boots.kind === 'boot' ? [boots.profile] : []))
  return sentTo(decided, profiles.find((profile) => policy.profiles.get(profile)?.kind === loader) ?? '')
}

function sentTo({ mac, rule, facts: { machine, now } }: Decided, profile: string): Sent {
  return { subject: historySubject(machine, mac), boot: { at: now, profile, rule } }
}

/** Empty for a file of a menu. Without a choice the script of a menu is that of its first entry. */
function profileOf(decision: Decided['decision'], item: number | undefined): string {
  if (decision.kind === 'boot') return decision.profile
  if (decision.kind !== 'menu') return ''
  const { entries } = decision.menu
  const { boots } = entries[(item ?? 1) - 1] ?? entries[0]!
  return boots.kind === 'boot' ? boots.profile : ''
}
