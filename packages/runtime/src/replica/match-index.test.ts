import assert from 'node:assert/strict'
import { test } from 'node:test'
import { machine, type MachineSpec } from '@reboots/testkit'
import { createMachineIndex, type MachineIndex } from './machine-index.ts'
import type { Condition, Traits } from './match-index.ts'

type Facts = Readonly<Record<string, boolean | string>>

const NOBODY: Traits<Facts> = { clientId: '', circuitId: '', remoteId: '', uuid: '', facts: {} }

/** A condition names a fact; `bad` is none, and a fact that is text is the reason why it cannot be evaluated. */
function compile(when: string): Condition<Facts> {
  if (when === 'bad') throw new Error('no condition')
  return (facts) => facts[when] ?? false
}

interface Site {
  readonly index: MachineIndex<string, Facts>
  readonly refused: string[]
  readonly failed: string[]
  found(traits: Partial<Traits<Facts>>): string | undefined
}

function site(...machines: readonly MachineSpec[]): Site {
  const refused: string[] = []
  const failed: string[] = []
  const index = createMachineIndex<string, Facts>(
    (machine, iface) => `${machine.id}${machine.interfaces.indexOf(iface)}`,
    ({ id }) => refused.push(id),
    { compile, failed: (id, why, first) => failed.push(`${id} ${why} ${first}`) },
  )
  index.apply(machines.map(machine), [])
  const found = (traits: Partial<Traits<Facts>>): string | undefined => {
    const { value, by } = index.byTraits({ ...NOBODY, ...traits }) ?? {}
    return value === undefined ? undefined : `${value} ${by}`
  }
  return { index, refused, failed, found }
}

const match = (id: string, match: NonNullable<MachineSpec['match']>): MachineSpec => ({ id, mac: '', match })

const ALL = [
  match('client', { clientIds: ['aa', '00aa'] }),
  match('port', { circuitId: '01', remoteId: '02' }),
  match('circuit', { circuitId: '01' }),
  match('switch', { remoteId: '02' }),
  match('uuid', { uuid: 'u' }),
  match('when', { when: 'yes' }),
]

const ROWS: readonly (readonly [traits: Partial<Traits<Facts>>, found: string | undefined])[] = [
  [{}, undefined],
  [{ clientId: 'aa' }, 'client0 client-id'],
  [{ clientId: '00aa' }, 'client0 client-id'],
  [{ clientId: 'a' }, undefined],
  [{ circuitId: '01', remoteId: '02' }, 'port0 circuit-id'],
  [{ circuitId: '01', remoteId: '03' }, 'circuit0 circuit-id'],
  [{ circuitId: '01' }, 'circuit0 circuit-id'],
  [{ circuitId: '03', remoteId: '02' }, 'switch0 circuit-id'],
  [{ uuid: 'u' }, 'uuid0 uuid'],
  [{ facts: { yes: true } }, 'when0 condition'],
  [{ clientId: 'aa', circuitId: '01', uuid: 'u', facts: { yes: true } }, 'client0 client-id'],
  [{ circuitId: '01', uuid: 'u', facts: { yes: true } }, 'circuit0 circuit-id'],
  [{ uuid: 'u', facts: { yes: true } }, 'uuid0 uuid'],
]

for (const [traits, found] of ROWS) {
  test(`${JSON.stringify(traits)} is ${found ?? 'nobody'}`, () => assert.equal(site(...ALL).found(traits), found))
}

test('what shows nothing is nobody, also where something is left empty', () => {
  for (const one of ALL) assert.equal(site(one).found({}), undefined)
})

test('a site that finds its machines by MAC has nothing to ask', () => {
  const { index } = site({ id: 'a', mac: '52:54:00:00:00:01' })
  assert.equal(index.matching, false)
  index.apply([machine(match('b', { uuid: 'u' }))], [])
  assert.equal(index.matching, true)
  index.apply([], ['b'])
  assert.equal(index.matching, false)
})

test('a machine is not found by what it was before, and another that has it now is', () => {
  const { index, found } = site(...ALL)
  index.apply(
    ALL.map(({ id, mac }) => machine({ id: id!, mac, match: { uuid: `new ${id}` } })),
    [],
  )
  assert.deepEqual(
    ROWS.map(([traits]) => found(traits)),
    ROWS.map(() => undefined),
  )
  assert.equal(found({ uuid: 'new when' }), 'when0 uuid')
  index.apply([machine(match('a', { uuid: 'x' })), machine(match('b', { uuid: 'y' }))], [])
  index.apply([machine(match('b', { uuid: 'x' })), machine(match('a', { uuid: 'y' }))], [])
  assert.deepEqual([found({ uuid: 'x' }), found({ uuid: 'y' })], ['b0 uuid', 'a0 uuid'])
})

test('conditions are tried in the order of ids, then of interfaces, whatever came first', () => {
  const two = { ...match('b', { when: 'yes' }), otherInterfaces: [{ mac: '', match: { when: 'two' } }] }
  const { index, found } = site(match('c', { when: 'yes' }), two)
  assert.deepEqual([found({ facts: { yes: true } }), found({ facts: { two: true } })], ['b0 condition', 'b1 condition'])
  index.apply([machine(match('a', { when: 'yes' }))], [])
  assert.equal(found({ facts: { yes: true, two: true } }), 'a0 condition')
})

test('conditions are asked only when nothing else tells, and facts only for them', () => {
  const { index } = site(match('a', { uuid: 'u' }), match('b', { when: 'yes' }))
  const seen: string[] = []
  const traits = (uuid: string): Traits<Facts> => ({
    ...NOBODY,
    uuid,
    get facts() {
      seen.push(uuid)
      return {}
    },
  })
  for (const uuid of ['u', 'v']) index.byTraits(traits(uuid))
  assert.deepEqual(seen, ['v'])
})

test('a condition that cannot be evaluated is not true; the next one is asked, and it is told of', () => {
  const { found, failed } = site(match('a', { when: 'odd' }), match('b', { when: 'yes' }))
  for (const facts of [{ odd: 'why', yes: true }, { odd: 'again' }]) found({ facts })
  assert.equal(found({ facts: { odd: 'once more', yes: true } }), 'b0 condition')
  assert.deepEqual(failed, ['a why true', 'a again false', 'a once more false'])
})

test('a machine with a condition that is none is left out whole', () => {
  const bad = { ...match('a', { uuid: 'u' }), otherInterfaces: [{ mac: '', match: { when: 'bad' } }] }
  const { index, refused, found } = site(bad)
  assert.deepEqual([refused, index.size, index.matching, found({ uuid: 'u' })], [['a'], 0, false, undefined])
})

test('an interface needs a MAC or a match', () => {
  assert.deepEqual(site({ id: 'a', mac: '' }, match('b', { uuid: 'u' })).refused, ['a'])
})

test('the interfaces of a machine are found by its id', () => {
  const { index } = site({ ...match('a', { uuid: 'u' }), otherInterfaces: [{ mac: '52:54:00:00:00:01' }] })
  assert.deepEqual([index.byId('a'), index.byId('b')], [['a0', 'a1'], []])
})

test('of more conditions than a site may have the last are not tried', () => {
  const many = Array.from({ length: 101 }, (_, i) => match(`m${String(i).padStart(3, '0')}`, { when: `c${i}` }))
  const { found } = site(...many)
  assert.deepEqual([found({ facts: { c99: true } }), found({ facts: { c100: true } })], ['m0990 condition', undefined])
})
