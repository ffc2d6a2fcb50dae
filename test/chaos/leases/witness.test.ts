import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Witness, type Held } from './witness.ts'

const held = (client: string, address: number, until: number): Held => ({ client, address, until })

const ROWS: readonly [what: string, see: (witness: Witness) => void, violations: readonly RegExp[]][] = [
  [
    'two clients have one address',
    (witness) => {
      witness.acknowledged(held('a', 1, 100), 0)
      witness.acknowledged(held('b', 1, 150), 99)
    },
    [/1 given to b while a has it for 1 ms/],
  ],
  [
    'one after the other is well',
    (witness) => {
      witness.acknowledged(held('a', 1, 100), 0)
      witness.acknowledged(held('b', 1, 200), 100)
    },
    [],
  ],
  [
    'an address that was given up is free',
    (witness) => {
      witness.acknowledged(held('a', 1, 100), 0)
      witness.gaveUp(held('a', 1, 100))
      witness.acknowledged(held('b', 1, 200), 1)
    },
    [],
  ],
  ['a lease is forgotten', (witness) => witness.refused(held('a', 1, 100), 50), [/a lost 1, 50 ms early/]],
  [
    'a store does not know a lease',
    (witness) => {
      witness.acknowledged(held('a', 1, 100), 0)
      witness.acknowledged(held('b', 2, 100), 0)
      witness.listed(new Map([[2, 'b']]), witness.held(), 60)
    },
    [/1 of a was forgotten, 40 ms early/],
  ],
  [
    'what ends or is given up while a store is asked need not be known',
    (witness) => {
      witness.acknowledged(held('a', 1, 50), 0)
      witness.acknowledged(held('b', 2, 100), 0)
      const before = witness.held()
      witness.gaveUp(held('b', 2, 100))
      witness.listed(new Map(), before, 60)
    },
    [],
  ],
  ['a lease has ended', (witness) => witness.refused(held('a', 1, 100), 100), []],
]

for (const [what, see, violations] of ROWS) {
  test(what, () => {
    const witness = new Witness()
    see(witness)
    assert.equal(witness.violations.length, violations.length)
    violations.forEach((violation, i) => assert.match(witness.violations[i]!, violation))
  })
}
