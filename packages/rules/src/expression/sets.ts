import type { Environment } from '@marcbachmann/cel-js'

export const SETS = 'sets'

type List = readonly string[]

/** What `sets` stands for in `sets.contains(…)`: CEL's extension of this name, for lists of texts. */
class Sets {
  /** Whether everything in the other is in the one. */
  contains(one: List, other: List): boolean {
    const members = new Set(one)
    return other.every((text) => members.has(text))
  }

  intersects(one: List, other: List): boolean {
    const members = new Set(one)
    return other.some((text) => members.has(text))
  }

  equivalent(one: List, other: List): boolean {
    return this.contains(one, other) && this.contains(other, one)
  }
}

export function registerSets(environment: Environment): void {
  environment.registerType(SETS, { ctor: Sets, fields: {} }).registerConstant(SETS, SETS, new Sets())
  for (const name of ['contains', 'intersects', 'equivalent'] as const) {
    const operation = (sets: Sets, one: List, other: List): boolean => sets[name](one, other)
    environment.registerFunction(`${SETS}.${name}(list<string>, list<string>): bool`, operation, { async: false })
  }
}
