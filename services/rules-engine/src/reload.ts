import { formatProblem, PolicyError } from '@reboots/rules'
import type { Log, Metrics } from '@reboots/runtime'
import type { PolicySource } from './ports.ts'
import type { Publisher } from './publisher.ts'

export type ReloadResult = 'published' | 'unchanged' | 'refused' | 'unreadable'

/**
 * Publishes the document of the source again whenever it may have changed. What is not accepted, or cannot be read, leaves the last
 * good one in force. Begins with a look at what may have changed before the watch was in place.
 */
export function keepPublished(source: PolicySource, publisher: Publisher, log: Log, metrics: Metrics): void {
  const reloads = metrics.counter('reboots_rules_reloads_total', 'Times the policy file was read again', ['result'])
  const refused = metrics.gauge('reboots_rules_policy_refused', 'The policy file holds something that is not accepted')
  const once = async (): Promise<void> => {
    const result = await reload(source, publisher, log)
    reloads.inc({ result })
    refused.set(result === 'refused' || result === 'unreadable' ? 1 : 0)
  }
  let last = Promise.resolve()
  const again = (): void => {
    last = last.then(once)
  }
  source.watch(again)
  again()
}

/** Never rejects. */
async function reload(source: PolicySource, publisher: Publisher, log: Log): Promise<ReloadResult> {
  let document: string
  try {
    document = await source.read()
  } catch (error) {
    log.error({ policy: source.name, why: String(error), kept: publisher.current.version }, 'the policy cannot be read')
    return 'unreadable'
  }
  try {
    if (!publisher.publish(document, source.name)) return 'unchanged'
    const { version, revision, policy } = publisher.current
    log.info({ version, revision: Number(revision), rules: policy.rules.length }, 'new policy published')
    return 'published'
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    const problems = error.problems.map((problem) => formatProblem(problem))
    log.error(
      { problems, kept: publisher.current.version },
      'the policy is not accepted, the one before stays in force',
    )
    return 'refused'
  }
}
