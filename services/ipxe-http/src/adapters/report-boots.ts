import type { history } from '@reboots/api'
import { openHistoryReports, type Log, type Metrics } from '@reboots/runtime'
import type { Boots, Event } from '../boots.ts'

/** What happens in this time is told together. */
const GATHER_MS = 100
const RETRY_MS = 1000
const MOST_AT_ONCE = 1000

/** Tells the rules-engine what was seen, for as long as it takes; nobody waits for it. `close` tries once more. */
export function reportBoots(
  address: string,
  boots: Boots,
  log: Log,
  metrics: Metrics,
): { readonly close: () => Promise<void> } {
  const reports = openHistoryReports(address)
  const untold = metrics.gauge('reboots_http_boots_untold', 'Boots that the rules-engine has not been told of yet')
  const dropped = metrics.gauge('reboots_http_boots_dropped', 'Boots that were forgotten before it could be told')
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
      await reports.send(events.map(messageOf))
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
      if (events.length > 0 && !failing) await reports.send(events.map(messageOf)).catch(() => {})
      reports.close()
    },
  }
}

function messageOf(event: Event): history.Event {
  const { subject } = event
  if (!('boot' in event)) return { subject, what: { $case: 'booted', value: new Date(event.booted) } }
  const { at, profile, rule } = event.boot
  return { subject, what: { $case: 'boot', value: { at: new Date(at), profile, rule } } }
}
