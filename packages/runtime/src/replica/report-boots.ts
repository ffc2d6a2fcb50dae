import { Metadata } from '@grpc/grpc-js'
import { history } from '@reboots/api'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { connect } from '../rpc/connect.ts'

/** What happens in this time is told together. */
const GATHER_MS = 100
const RETRY_MS = 1000
const DEADLINE_MS = 5000
const MOST_AT_ONCE = 1000

/** A boot, or word of an operating system that runs; times in milliseconds since 1970. */
export type BootEvent =
  | {
      readonly subject: string
      readonly boot: { readonly at: number; readonly profile: string; readonly rule: string }
    }
  | { readonly subject: string; readonly booted: number }

/** Where the events come from: `SeenBoots` of rules. */
export interface Untold<E extends BootEvent> {
  /** Oldest first. */
  readonly untold: readonly E[]
  /** Events that were given up. */
  readonly dropped: number
  /** These are known now. */
  tell(events: readonly E[]): void
  /** Called when there is something to tell. */
  onAdd: () => void
}

/** Tells the rules-engine at an address what was seen, for as long as it takes; nobody waits for it. `close` tries once more. */
export function reportBoots<E extends BootEvent>(
  address: string,
  boots: Untold<E>,
  log: Log,
  metrics: Metrics,
): { readonly close: () => Promise<void> } {
  const client = connect(history.HistoryServiceClient, address)
  const untold = metrics.gauge('reboots_boots_untold', 'Boots that the rules-engine has not been told of yet')
  const dropped = metrics.gauge('reboots_boots_dropped', 'Boots that were forgotten before it could be told')
  metrics.onScrape(() => {
    untold.set(boots.untold.length)
    dropped.set(boots.dropped)
  })
  let timer: NodeJS.Timeout | undefined
  let failing = false
  let closed = false

  async function tell(): Promise<void> {
    const events = boots.untold.slice(0, MOST_AT_ONCE)
    try {
      await report(client, events)
      boots.tell(events)
      failing = false
    } catch (error) {
      if (!failing)
        log.warn({ why: String(error), boots: events.length }, 'the rules-engine cannot be told of boots, trying again')
      failing = true
    }
    timer = undefined
    if (!closed && boots.untold.length > 0) tellSoon()
  }

  function tellSoon(): void {
    timer ??= setTimeout(() => void tell(), failing ? RETRY_MS : GATHER_MS)
  }

  boots.onAdd = tellSoon
  return {
    async close() {
      closed = true
      clearTimeout(timer)
      boots.onAdd = () => {}
      const events = [...boots.untold]
      if (events.length > 0 && !failing) await report(client, events).catch(() => {})
      client.close()
    },
  }
}

function report(client: history.HistoryServiceClient, events: readonly BootEvent[]): Promise<void> {
  const request = { events: events.map(messageOf) }
  return new Promise((resolve, reject) => {
    const deadline = Date.now() + DEADLINE_MS
    client.report(request, new Metadata(), { deadline }, (error) => (error === null ? resolve() : reject(error)))
  })
}

function messageOf(event: BootEvent): history.Event {
  const { subject } = event
  if (!('boot' in event)) return { subject, what: { $case: 'booted', value: new Date(event.booted) } }
  const { at, profile, rule } = event.boot
  return { subject, what: { $case: 'boot', value: { at: new Date(at), profile, rule } } }
}
