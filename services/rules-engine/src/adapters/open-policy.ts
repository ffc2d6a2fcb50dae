import path from 'node:path'
import type { Instant } from '@reboots/protocol/net'
import { listenAddress, OperatorError, type Log } from '@reboots/runtime'
import type { Config } from '../config.ts'
import { openPolicies } from '../open-policies.ts'
import type { Policies } from '../policies.ts'
import type { PolicySource, VersionStore } from '../ports.ts'
import { memoryStore } from '../stores/memory-store.ts'
import { redisStore } from '../stores/redis-store.ts'
import { sqliteStore } from '../stores/sqlite-store.ts'
import { readPublicKeys, TRUST_ALL, trustKeys } from '../trust.ts'
import { defaultPolicy } from './default-policy.ts'
import { policyFile } from './policy-file.ts'

export interface OpenPolicy {
  readonly policies: Policies
  readonly source: PolicySource
  readonly store: VersionStore
  close(): Promise<void>
}

/** The policy as it is configured. OperatorError if there is none to begin with. */
export async function openPolicy(
  { rules: { policy, trustedKeys, versions } }: Config,
  { directory, now, log }: { readonly directory: string; readonly now: () => Instant; readonly log: Log },
): Promise<OpenPolicy> {
  const resolve = (name: string): string => path.resolve(directory, name)
  const keys = readPublicKeys(trustedKeys.map(resolve))
  const source = policy === '' ? defaultPolicy : policyFile(resolve(policy))
  if (policy !== '' && versions.store === 'redis')
    throw new OperatorError(
      'the policy cannot come from a file and from Redis: replicas would contradict each other while the file changes',
      'Leave out rules.policy (REBOOTS_RULES_POLICY) and apply the file: reboots rules apply FILE; or keep versions in sqlite.',
    )
  const store = openStore(versions, resolve, log)
  const trust = keys.length === 0 ? TRUST_ALL : trustKeys(keys)
  const waiting = (why: string): void => log.warn({ why }, 'waiting for the store of policies')
  const policies = await openPolicies({ source, store, trust, now, log }, waiting)
  return {
    policies,
    source,
    store,
    close() {
      source.close()
      return store.close()
    },
  }
}

function openStore(
  { store, file, keep, redis }: Config['rules']['versions'],
  resolve: (name: string) => string,
  log: Log,
): VersionStore {
  if (store === 'memory') return memoryStore(keep)
  if (store === 'sqlite') return sqliteStore(resolve(file), keep)
  const { address, timeoutMilliseconds: timeout, ...access } = redis
  return redisStore({ ...access, address: listenAddress(address), timeout, keep, log })
}
