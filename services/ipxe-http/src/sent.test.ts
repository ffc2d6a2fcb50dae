import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Decided } from './decide-request.ts'
import { bootSent } from './sent.ts'

const A = '52:54:00:00:00:01'

test('what is a boot, and of which profile', () => {
  const entries = [
    { title: 'A', type: 1, boots: { kind: 'boot', profile: 'a' } },
    { title: 'B', type: 2, boots: { kind: 'file', file: 'b.efi' } },
    { title: 'C', type: 3, boots: { kind: 'boot', profile: 'c' } },
  ] as const
  const menu = { kind: 'menu', menu: { name: 'm', prompt: '', timeoutSeconds: 0, entries } } as const
  const boot = { kind: 'boot', profile: 'p' } as const
  const profiles = new Map([['g', { kind: 'grub' }]])
  const decidedOn = (decision: object) =>
    ({
      decision,
      rule: 'r',
      mac: A,
      policy: { profiles },
      facts: { machine: { id: 'n' }, now: 7 },
    }) as unknown as Decided
  const rows = [
    [boot, 'chain', undefined, 'p'],
    [boot, 'script', undefined, 'p'],
    [boot, 'exit', undefined, undefined],
    [menu, 'menu', undefined, undefined],
    [menu, 'chain', undefined, 'a'],
    [menu, 'chain', 2, ''],
    [menu, 'chain', 3, 'c'],
    [{ ...boot, profile: 'g' }, 'chain', undefined, undefined],
  ] as const
  for (const [decision, rendered, item, profile] of rows) {
    const sent = bootSent(decidedOn(decision), rendered, item)
    assert.deepEqual(
      sent,
      profile === undefined ? undefined : { subject: 'record:n', boot: { at: 7, profile, rule: 'r' } },
    )
  }
})
