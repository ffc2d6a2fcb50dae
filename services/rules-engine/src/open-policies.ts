import { setTimeout as delay } from 'node:timers/promises'
import { OperatorError } from '@reboots/runtime'
import { accept, type Accepted } from './accept.ts'
import { accountOf, draftOf, Policies, type Surroundings } from './policies.ts'
import { StoreGone, type Entry, type EntryHead } from './ports.ts'
import { Refusal } from './refusal.ts'

const RETRY_MS = 500

interface Beginning {
  readonly entry: Entry
  readonly accepted: Accepted
}

/**
 * The policy that is in force from the start: that of the source where the source counts, else the last one of the history. A source that
 * cannot be used does not keep a service from starting that remembers a policy. Waits for the store; `waiting` hears why.
 * @throws OperatorError if there is none: with every problem of the document, or why it cannot be read
 */
export async function openPolicies(surroundings: Surroundings, waiting: (why: string) => void): Promise<Policies> {
  for (;;) {
    try {
      const { entry, accepted } = await begin(surroundings)
      return new Policies(surroundings, entry, accepted)
    } catch (error) {
      if (!(error instanceof StoreGone)) throw error
      waiting(error.message)
      await delay(RETRY_MS)
    }
  }
}

async function begin(surroundings: Surroundings): Promise<Beginning> {
  const { source, store } = surroundings
  const heads = await store.heads()
  const last = await lastGood(surroundings, heads)
  if (source.origin === 'shipped' && heads[0] !== undefined && heads[0].origin !== 'shipped') {
    if (last !== undefined) return last
    throw new OperatorError(
      `no policy that ${store.name} remembers is accepted by this rules-engine`,
      'The log has the problems. Go back to the version of Reboots that was here before, or name a policy file: rules.policy (REBOOTS_RULES_POLICY).',
    )
  }
  try {
    return await fromSource(surroundings, last)
  } catch (error) {
    if (!(error instanceof OperatorError) || last === undefined) throw error
    const { version } = last.accepted
    surroundings.log.error({ why: error.remedy, kept: version }, `${error.message}; the last good one is in force`)
    return last
  }
}

/** The latest that is accepted: the software may be another since it was. */
async function lastGood(
  { store, trust, log }: Surroundings,
  heads: readonly EntryHead[],
): Promise<Beginning | undefined> {
  for (const { revision, version } of heads) {
    const entry = await store.get(revision)
    if (entry === undefined) continue
    try {
      return { entry, accepted: accept(entry, `version ${version}`, trust) }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      log.error({ version, revision, why: error.message }, 'a policy that is remembered is not accepted any more')
    }
  }
  return undefined
}

async function fromSource(surroundings: Surroundings, last: Beginning | undefined): Promise<Beginning> {
  const { source, store, now } = surroundings
  const accepted = await acceptSource(surroundings)
  if (last?.entry.version === accepted.version) return last
  const entry = await store.append(draftOf(accepted, accountOf(source), source.origin, now()), '*', 0)
  return { entry: entry!, accepted }
}

async function acceptSource({ source, trust }: Surroundings): Promise<Accepted> {
  const signed = await source.read().catch((error: unknown) => {
    throw new OperatorError(
      `the policy ${source.name} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'Set rules.policy (REBOOTS_RULES_POLICY) to a file that can be read, or leave it out for the default policy.',
    )
  })
  try {
    return accept(signed, source.name, trust)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new OperatorError('the boot policy is not accepted', error.message)
  }
}
