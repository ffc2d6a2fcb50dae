import type { MacAddress } from '@reboots/protocol/net'
import type { AskDecision } from '@reboots/rules'
import { parseBootSpec, type Told } from './parse-spec.ts'

/** What somebody else's boot API says of a machine; undefined if it has nothing for it, or does not answer. Never rejects. */
export type Ask = (asked: AskDecision, mac: MacAddress) => Promise<Boots | undefined>
type Boots = Exclude<Told, { readonly wrong: string }>

/** How asking ended. `kept`: no answer, and the last one stands in for it. */
export type AskOutcome = 'answered' | 'nothing' | 'malformed' | 'kept' | 'unanswered'

/** An HTTP GET: status and body. Rejects after that many milliseconds, and if there is no whole answer for any other reason. */
export type Get = (url: string, withinMs: number) => Promise<{ readonly status: number; readonly body: string }>

/** Answers kept: one for each machine that has asked lately. */
const MOST_KEPT = 10_000

/**
 * Asks once at a time for one machine. A good answer is kept, and stands in for a server that does not answer (no connection, too late, a
 * status of 500 and up); one that says no, or says nothing that could be booted, is believed.
 */
export function askOver(
  get: Get,
  now: () => number,
  onEnd: (outcome: AskOutcome, url: string, why: string) => void,
): Ask {
  const kept = new Map<string, { readonly at: number; readonly boots: Boots }>()
  const underWay = new Map<string, Promise<Boots | undefined>>()

  async function ask({ url: server, withinMs, keepMs }: AskDecision, url: string): Promise<Boots | undefined> {
    let why: string
    try {
      const { status, body } = await get(url, withinMs)
      if (status < 500) return believe(url, status, body, server)
      why = `status ${status}`
    } catch (error) {
      const { message, cause } = error as Error
      why = cause instanceof Error ? cause.message : message
    }
    const last = kept.get(url)
    const good = last !== undefined && now() - last.at <= keepMs
    if (!good) return ended('unanswered', url, why)
    onEnd('kept', url, why)
    return last.boots
  }

  function ended(outcome: AskOutcome, url: string, why: string): undefined {
    onEnd(outcome, url, why)
  }

  function believe(url: string, status: number, body: string, server: string): Boots | undefined {
    kept.delete(url)
    if (status !== 200) return ended('nothing', url, `status ${status}`)
    const told = parseBootSpec(body, server)
    if ('wrong' in told) return ended('malformed', url, told.wrong)
    onEnd('answered', url, '')
    kept.set(url, { at: now(), boots: told })
    const [oldest] = kept.keys()
    if (kept.size > MOST_KEPT) kept.delete(oldest!)
    return told
  }

  return (asked, mac) => {
    const url = `${asked.url}/v1/boot/${mac}`
    const running = underWay.get(url)
    if (running !== undefined) return running
    const asking = ask(asked, url).finally(() => underWay.delete(url))
    underWay.set(url, asking)
    return asking
  }
}
