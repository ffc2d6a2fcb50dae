import { formatIpv4 } from '@reboots/protocol/net'
import { LIMITS } from '@reboots/rules'
import { formatOrigin, type Entry } from './entry.ts'
import type { Problem } from './problem.ts'

export interface Unique {
  readonly entries: readonly Entry[]
  /** One for each entry that was left out. */
  readonly problems: readonly Problem[]
}

/**
 * The entries of all files, in the order of the configuration and of each file, without those that claim an id, a MAC, an address or another key
 * that an earlier one has: the first stays. So what is served depends on what the files say and on nothing else, such as which was
 * there first. An entry that is left out claims nothing.
 */
export function unique(files: readonly (readonly Entry[])[]): Unique {
  const owners = new Map<string | number, Entry>()
  const entries: Entry[] = []
  const problems: Problem[] = []
  let conditions = 0
  for (const entry of files.flat()) {
    const conflict = findConflict(entry, owners) ?? tooManyConditions(entry, conditions)
    if (conflict !== undefined) {
      problems.push({ severity: 'refused', ...entry.origin, message: conflict })
      continue
    }
    entries.push(entry)
    conditions += entry.conditions
    for (const { key } of claims(entry)) owners.set(key, entry)
  }
  return { entries, problems }
}

/** All of them may be tried for one message. */
function tooManyConditions(entry: Entry, before: number): string | undefined {
  if (entry.conditions === 0 || before + entry.conditions <= LIMITS.matches) return undefined
  return `is one more than ${LIMITS.matches} interfaces that are found by a condition (match.when); find it by something else`
}

interface Claim {
  readonly key: string | number
  readonly what: string
}

function* claims({ id, macs, addresses, keys }: Entry): Generator<Claim> {
  yield { key: `id ${id}`, what: `id ${id}` }
  for (const mac of macs) yield { key: mac, what: `MAC ${mac}` }
  for (const address of addresses) yield { key: address, what: `address ${formatIpv4(address)}` }
  for (const key of keys) yield { key, what: key }
}

function findConflict(entry: Entry, owners: ReadonlyMap<string | number, Entry>): string | undefined {
  for (const { key, what } of claims(entry)) {
    const owner = owners.get(key)
    if (owner !== undefined) {
      return `${what} belongs to the machine at ${formatOrigin(owner.origin)} already, which stays; change one of the two`
    }
  }
  return undefined
}
