import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainClientFacts } from './client-facts.ts'
import type { Facts } from './facts.ts'
import { UNKNOWN_MACHINE } from './machine-facts.ts'
import { parsePolicy } from './parse-policy.ts'
import { FACTS } from './policy.fixture.ts'
import { shadowDifference } from './shadow.ts'

const policy = (otherwise: string, rules = '[]') =>
  parsePolicy(`apiVersion: reboots/v1\nkind: BootPolicy\nrules: ${rules}\notherwise: ${otherwise}\n`, 'p')
const classed = (name: string) => policy('ignore', `[{ name: a, when: true, also: { class: ${name} } }]`)
const unknown: Facts = { ...FACTS, machine: UNKNOWN_MACHINE }
const plain: Facts = { ...FACTS, client: plainClientFacts({ mac: '52:54:00:00:00:01' }) }

const rows: readonly (readonly [string, ReturnType<typeof policy>, ReturnType<typeof policy>, Facts, unknown])[] = [
  ['the same', policy('ignore'), policy('ignore'), FACTS, undefined],
  ['another reason to be silent', policy('{ ignore: a }'), policy('{ ignore: b }'), FACTS, undefined],
  ['another outcome', policy('ignore'), policy('local-disk'), FACTS, ['machine-1', 'x64-uefi', 'ignore', 'local-disk']],
  [
    'for nobody known',
    policy('ignore'),
    policy('local-disk'),
    unknown,
    ['52:54:00:00:00:01', 'x64-uefi', 'ignore', 'local-disk'],
  ],
  ['no boot', policy('ignore'), policy('local-disk'), plain, undefined],
  ['a class', policy('ignore'), classed('lab'), plain, ['machine-1', 'no boot', 'no class', 'class lab']],
]
for (const [what, active, candidate, facts, due] of rows) {
  test(`a candidate on a decision: ${what}`, () => {
    const found = shadowDifference(active, candidate, facts)
    assert.deepEqual(found && [found.machine, found.client, found.before, found.after], due)
  })
}
