import { setTimeout as delay } from 'node:timers/promises'
import type { Log, Metrics } from '@reboots/runtime'
import type { Policies, Reload } from './policies.ts'
import { StoreGone, type PolicySource, type VersionStore } from './ports.ts'
import { Refusal } from './refusal.ts'

export type ReloadResult = Reload | 'refused' | 'unreadable' | 'store-gone'

const RETRY_MS = 1000

interface Watched {
  readonly source: PolicySource
  readonly store: VersionStore
  readonly log: Log
  readonly metrics: Metrics
}

/**
 * Publishes the document of the source again whenever it may have changed, and what others add to the store. What is not accepted, or cannot
 * be read, leaves the last good one in force. Begins with a look at what may have changed before the watch was in place.
 */
export function keepPublished(policies: Policies, { source, store, log, metrics }: Watched): void {
  const reloads = metrics.counter('reboots_rules_reloads_total', 'Times the policy file was read again', ['result'])
  const refused = metrics.gauge('reboots_rules_policy_refused', 'The policy file holds something that is not accepted')
  const again = async (): Promise<void> => {
    const result = await reload(policies, source, log)
    reloads.inc({ result })
    refused.set(result === 'refused' || result === 'unreadable' ? 1 : 0)
    if (result === 'store-gone') void delay(RETRY_MS, undefined, { ref: false }).then(again)
  }
  source.watch(() => void again())
  store.watch(() => void catchUp(policies, log))
  void again()
}

/** Never rejects. */
async function reload(policies: Policies, source: PolicySource, log: Log): Promise<ReloadResult> {
  const kept = policies.current.version
  try {
    return await policies.reload()
  } catch (error) {
    if (error instanceof Refusal) {
      const problems = error.problems.length === 0 ? [error.message] : error.message.split('\n')
      log.error({ problems, kept }, 'the policy is not accepted, the one before stays in force')
      return 'refused'
    }
    if (error instanceof StoreGone) {
      log.error({ why: error.message, kept }, 'the store of policies cannot be reached')
      return 'store-gone'
    }
    log.error({ policy: source.name, why: String(error), kept }, 'the policy cannot be read')
    return 'unreadable'
  }
}

/** Never rejects: whoever notices that the store is back calls again. */
async function catchUp(policies: Policies, log: Log): Promise<void> {
  try {
    await policies.catchUp()
  } catch (error) {
    log.warn({ why: String(error), kept: policies.current.version }, 'the store of policies cannot be reached')
  }
}
