import { formatIpv4 } from '@reboots/protocol/net'
import { formatOrigin, type Entry } from './entry.ts'
import type { Problem } from './problem.ts'

export interface Unique {
  readonly entries: readonly Entry[]
  /** One for each entry that was left out. */
  readonly problems: readonly Problem[]
}

/**
 * The entries of all files, in the order of the configuration and of each file, without those that claim an id, a MAC or an address
 * that an earlier one has: the first stays. So what is served depends on what the files say and on nothing else, such as which was
 * there first. An entry that is left out claims nothing.
 */
export function unique(files: readonly (readonly Entry[])[]): Unique {
  const owners = new Map<string | number, Entry>()
  const entries: Entry[] = []
  const problems: Problem[] = []
  for (const entry of files.flat()) {
    const conflict = findConflict(entry, owners)
    if (conflict !== undefined) {
      problems.push({ severity: 'refused', ...entry.origin, message: conflict })
      continue
    }
    entries.push(entry)
    for (const { key } of claims(entry)) owners.set(key, entry)
  }
  return { entries, problems }
}

interface Claim {
  readonly key: string | number
  readonly what: string
}

function* claims({ id, macs, addresses }: Entry): Generator<Claim> {
  yield { key: `id ${id}`, what: `id ${id}` }
  for (const mac of macs) yield { key: mac, what: `MAC ${mac}` }
  for (const address of addresses) yield { key: address, what: `address ${formatIpv4(address)}` }
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
