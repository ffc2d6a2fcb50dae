import type { EntryHead } from './ports.ts'
import { Refusal } from './refusal.ts'

/** Digits of a version that are enough to name it. */
const FEWEST_DIGITS = 4

/**
 * The latest entry that a name stands for: a version, the beginning of one, or a revision as `#7`; empty: the latest of all. `heads` has the
 * latest first.
 * @throws Refusal `not-found`
 */
export function entryNamed(heads: readonly EntryHead[], name: string): EntryHead {
  if (name === '' && heads[0] !== undefined) return heads[0]
  if (/^#\d+$/.test(name)) return found(heads, (head) => `#${head.revision}` === name, `there is no revision ${name}`)
  if (!/^[0-9a-f]+$/.test(name) || name.length < FEWEST_DIGITS)
    throw new Refusal(
      'not-found',
      `"${name}" is no version: 4 or more of its hexadecimal digits, or a revision such as #7`,
    )
  const head = found(heads, ({ version }) => version.startsWith(name), `there is no version ${name}`)
  const others = heads.find(({ version }) => version.startsWith(name) && version !== head.version)
  if (others === undefined) return head
  throw new Refusal('not-found', `${name} is the beginning of ${head.version} and of ${others.version}`)
}

function found(heads: readonly EntryHead[], is: (head: EntryHead) => boolean, otherwise: string): EntryHead {
  const head = heads.find(is)
  if (head !== undefined) return head
  const oldest = heads.at(-1)?.revision ?? 0
  throw new Refusal('not-found', `${otherwise}; what is remembered goes back to #${oldest}`)
}
