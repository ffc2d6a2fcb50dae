import { now, type Log, type Metrics } from '@reboots/runtime'
import { askOver, type Ask, type Get } from '../boot-api/ask.ts'

/** A boot script is much smaller. */
const MOST_OCTETS = 1024 * 1024

/** Asks boot APIs over HTTP: one line and one count for each. */
export function bootApiClient(log: Log, metrics: Metrics): Ask {
  const asked = metrics.counter('reboots_http_asked_total', 'Boot APIs of others that were asked', ['outcome'])
  return askOver(get, now, (outcome, url, why) => {
    asked.inc({ outcome })
    const fields = { url, outcome, ...(why === '' ? {} : { why }) }
    if (outcome === 'answered' || outcome === 'nothing') log.info(fields, 'boot API asked')
    else log.warn(fields, 'boot API asked')
  })
}

const get: Get = async (url, withinMs) => {
  const response = await fetch(url, { signal: AbortSignal.timeout(withinMs) })
  const parts: Uint8Array[] = []
  let octets = 0
  for await (const part of response.body ?? []) {
    parts.push(part)
    octets += part.length
    if (octets > MOST_OCTETS) throw new Error(`more than ${MOST_OCTETS} octets`)
  }
  return { status: response.status, body: Buffer.concat(parts).toString() }
}
