import { setImmediate as turn } from 'node:timers/promises'
import { historyFor, Impact, UNKNOWN_MACHINE, type Histories, type ImpactReport, type Policy } from '@reboots/rules'
import type { Instant, MacAddress } from '@reboots/protocol/net'
import type { Machines } from './ports.ts'
import { Refusal } from './refusal.ts'

/** Between two looks at what else there is to do, some milliseconds. */
const AT_ONCE = 200

/** What the report calls a machine that nobody has a record of. */
const NOBODY = '(no record)'

/**
 * What changes for every machine that there is a record of, and for one that there is none of. Other calls are answered meanwhile.
 * @throws Refusal `unavailable` while there have been no records
 */
export async function impactOn(
  machines: Machines,
  [before, after]: readonly [Policy, Policy],
  histories: Histories,
  now: Instant,
  examples: number,
): Promise<ImpactReport> {
  if (machines.problem !== undefined) throw new Refusal('unavailable', machines.problem)
  const impact = new Impact(before, after, now)
  impact.add(NOBODY, UNKNOWN_MACHINE, '')
  let count = 0
  for (const { facts, subnet } of machines.values()) {
    const mac = facts.interface.mac as MacAddress
    const history = historyFor(before, facts, mac, histories) ?? historyFor(after, facts, mac, histories)
    impact.add(facts.id, facts, subnet, history)
    if (++count % AT_ONCE === 0) await turn()
  }
  return impact.report(examples)
}
