import { OperatorError } from '@reboots/runtime'
import { formatProblem, PolicyError } from '@reboots/rules'
import type { PolicySource } from './ports.ts'
import { createPublisher, type Publisher } from './publisher.ts'

/**
 * Publishes the first policy.
 * @throws OperatorError if the document cannot be read, or with every problem if it is not accepted: the service does not start
 */
export async function publishFirst(source: PolicySource): Promise<Publisher> {
  const document = await source.read().catch((error: unknown) => {
    throw new OperatorError(
      `the policy ${source.name} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'Set rules.policy (REBOOTS_RULES_POLICY) to a file that can be read, or leave it out for the default policy.',
    )
  })
  try {
    return createPublisher(document, source.name)
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    const problems = error.problems.map((problem) => formatProblem(problem))
    throw new OperatorError('the boot policy is not accepted', problems.join('\n'))
  }
}
