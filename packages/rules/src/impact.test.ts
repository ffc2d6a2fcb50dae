import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { decide } from './decide.ts'
import { Impact, type ImpactReport } from './impact.ts'
import { FACTS, MACHINE } from './policy.fixture.ts'
import { parsePolicy } from './parse-policy.ts'
import { sampleClients } from './sample-clients.ts'

const HEAD = 'apiVersion: reboots/v1\nkind: BootPolicy\n'
const policy = (text: string) => parsePolicy(`${HEAD}${text}`, 'policy.yaml')
const profiles = (args: string) =>
  `profiles: { lab: { linux: { kernel: 'http://192.0.2.1/k', args: '${args}' } }, other: { chain: 'http://192.0.2.1/' } }\n`
const rule = (when: string, then: string) =>
  `rules: [{ name: one, when: '${when}', then: ${then} }]\notherwise: ignore\n`

const in12 = { ...MACHINE, id: 'in-12', labels: { rack: '12' } }
const in13 = { ...MACHINE, id: 'in-13', labels: { rack: '13' } }

function impact(before: string, after: string, examples = 10): ImpactReport {
  const impact = new Impact(policy(before), policy(after), FACTS.now)
  for (const machine of [in12, in13]) impact.add(machine.id, machine, '192.0.2.0/24')
  return impact.report(examples)
}

const shown = ({ differences }: ImpactReport): string[] =>
  differences.map(({ before, after, machines, clients }) => `${machines}: ${before} -> ${after} (${clients.join(' ')})`)

const LAB = '{ boot: lab }'
const rack = (number: number, then: string) => rule(`machine.labels.rack == "${number}"`, then)
const rows: readonly (readonly [what: string, before: string, after: string, differences: string[]])[] = [
  ['nothing', rack(12, 'local-disk'), rack(12, 'local-disk'), []],
  ['the name of a rule', rack(12, 'ignore'), rack(12, 'ignore').replace('name: one', 'name: two'), []],
  [
    'the machines of a rule',
    profiles('a') + rack(12, LAB),
    profiles('a') + rack(13, LAB),
    ['1: boot lab -> ignore (x64-uefi)', '1: ignore -> boot lab (x64-uefi)'],
  ],
  [
    'what is behind a name',
    profiles('quiet') + rack(12, LAB),
    profiles('quiet debug') + rack(12, LAB),
    ['1: boot lab -> boot lab, changed (x64-uefi)'],
  ],
  ['a profile that nobody gets', profiles('quiet') + rack(99, LAB), profiles('debug') + rack(99, LAB), []],
  [
    'a reason',
    rack(12, '{ deny: broken }'),
    rack(12, '{ deny: sold }'),
    ['1: deny "broken" -> deny "sold" (x64-uefi)'],
  ],
  [
    'for one architecture',
    rule('client.arch == 9', 'local-disk'),
    rule('client.arch in [9, 11]', 'local-disk'),
    ['2: ignore -> local-disk (arm64-uefi)'],
  ],
  [
    'for one stage',
    rule('client.loader == "ipxe"', 'local-disk'),
    rule('client.loader == "firmware"', 'local-disk'),
    ['2: ignore -> local-disk (x64-uefi)', '2: local-disk -> ignore (x64-uefi, iPXE)'],
  ],
  [
    'a class',
    rack(12, 'local-disk'),
    rack(12, 'local-disk, also: { class: lab }'),
    ['1: local-disk -> local-disk, class lab (x64-uefi)'],
  ],
]

describe('what changes with a policy', () => {
  for (const [what, before, after, differences] of rows) {
    test(what, () => {
      const report = impact(before, after)
      assert.deepEqual(shown(report).toSorted(), differences.toSorted())
      assert.equal(report.machines, 2)
    })
  }
})

test('a machine is counted once, however many of its interfaces and ways to ask are concerned', () => {
  const found = new Impact(policy(rack(12, 'ignore')), policy(rack(12, 'local-disk')), FACTS.now)
  found.add('a', in12, '')
  found.add('a', in13, '')
  assert.equal(found.report(1).machines, 1)
  const report = impact(rule('client.arch < 99', 'local-disk'), rule('false', 'local-disk'), 1)
  assert.deepEqual([report.changed, report.differences[0]!.machines], [2, 2])
  assert.deepEqual(report.differences[0]!.examples, ['in-12'])
  assert.ok(report.differences[0]!.clients.length > 10)
})

test('what nobody knows before a machine asks is said', () => {
  const when =
    'network.circuitId == "00" && client.vendorClass == "x" && network.subnet == "192.0.2.0/24" && machine.known'
  assert.deepEqual(impact(rule(when, 'ignore'), rule('now > timestamp("2026-01-01T00:00:00Z")', 'ignore')).assumed, [
    'client.vendorClass',
    'network.circuitId',
  ])
})

test('only ways to ask are tried that some rule can tell apart', () => {
  const names = (when: string) => sampleClients([policy(rule(when, 'ignore'))]).map(({ name }) => name)
  assert.deepEqual(names('machine.known'), ['x64-uefi'])
  assert.deepEqual(names('client.loader == "ipxe"'), ['x64-uefi', 'x64-uefi, iPXE'])
  assert.ok(names('client.firmware == "bios"').includes('x86-bios-http'))
  assert.ok(!names('client.firmware == "bios"').includes('itanium'))
  assert.ok(names('client.arch == 2').includes('itanium'))
  assert.ok(names('client.arch == 999').includes('type 999'))
})

test('deciding once on machines that are alike is the same as deciding on each', () => {
  const names = fc.constantFrom('a', 'b', 'c')
  const macs = names.map((name) => `52:54:00:00:00:0${name}`)
  const when = fc.constantFrom(
    'machine.labels.rack == "a"',
    'machine.labels["rack"] == "b" && "a" in machine.tags',
    'size(machine.labels) == 1',
    'client.mac == "52:54:00:00:00:0a"',
    'machine.tags.exists(x, x == "b")',
    'machine.known && machine.name != "c"',
  )
  const machine = fc.record({
    name: names,
    mac: macs,
    labels: fc.dictionary(fc.constantFrom('rack', 'row'), names),
    tags: fc.array(names, { maxLength: 2 }),
  })
  fc.assert(
    fc.property(when, when, fc.array(machine, { maxLength: 8 }), (before, after, machines) => {
      const policies = [before, after].map((text) =>
        policy(`rules: [{ name: one, when: ${JSON.stringify(text)}, then: local-disk }]\notherwise: ignore\n`),
      )
      const impact = new Impact(policies[0]!, policies[1]!, FACTS.now)
      let changed = 0
      for (const [index, { mac, ...own }] of machines.entries()) {
        const facts = { ...MACHINE, ...own, interface: { ...MACHINE.interface, mac } }
        impact.add(`${index}`, facts, '')
        const client = { ...FACTS.client, mac, oui: mac.slice(0, 8) }
        const [was, becomes] = policies.map((one) => decide(one, { ...FACTS, client, machine: facts }).decision.kind)
        if (was !== becomes) changed++
      }
      assert.equal(impact.report(0).changed, changed)
    }),
  )
})
