import type { ASTNode } from '@marcbachmann/cel-js'
import { operandsOf } from './expression/operands.ts'
import { FACT_SCHEMA } from './fact-schema.ts'
import type { Policy } from './policy.ts'
import { namesOf } from './rule-index.ts'

/** Conditions that may have a say in what is decided. */
export function conditionsOf({ rules, guard }: Policy): readonly ASTNode[] {
  const guards = [...rules.map((rule) => rule.guard), guard].flatMap((one) => one?.condition.ast ?? [])
  return [...rules.map(({ condition }) => condition.ast), ...guards]
}

/** The facts that a condition looks at, with the names on the way to them, by how they are written: `machine.labels.rack`, `now`. */
export function factsRead(node: ASTNode, into = new Map<string, readonly string[]>()): Map<string, readonly string[]> {
  const names = namesOf(node)
  const [first] = names ?? []
  if (names !== undefined && (first === 'now' || first === 'history' || (first !== undefined && first in FACT_SCHEMA)))
    return into.set(names.join('.'), names)
  for (const operand of operandsOf(node)) factsRead(operand, into)
  return into
}

/** The same of all conditions of some policies. */
export function factsReadBy(policies: readonly Policy[]): Map<string, readonly string[]> {
  const read = new Map<string, readonly string[]>()
  for (const condition of policies.flatMap(conditionsOf)) factsRead(condition, read)
  return read
}
