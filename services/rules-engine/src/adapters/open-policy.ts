import path from 'node:path'
import type { Instant } from '@reboots/protocol/net'
import type { Log } from '@reboots/runtime'
import type { Config } from '../config.ts'
import { openPolicies } from '../open-policies.ts'
import type { Policies } from '../policies.ts'
import type { PolicySource, VersionStore } from '../ports.ts'
import { memoryStore } from '../stores/memory-store.ts'
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
  const store =
    versions.store === 'sqlite' ? sqliteStore(resolve(versions.file), versions.keep) : memoryStore(versions.keep)
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
