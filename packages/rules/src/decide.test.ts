import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decide } from './decide.ts'
import type { Verdict } from './decision.ts'
import { DEFAULT_POLICY } from './default-policy.ts'
import type { Facts } from './facts.ts'
import { UNKNOWN_MACHINE } from './machine-facts.ts'
import { parsePolicy } from './parse-policy.ts'
import type { Policy } from './policy.ts'
import { FACTS, policyOf } from './policy.fixture.ts'

test('decide: conditions over every kind of fact', () => {
  const rows: readonly (readonly [string, boolean | string])[] = [
    ['client.arch == 7', true],
    ['client.arch in [0, 6]', false],
    ['client.arch > 6 && client.arch < 8', true],
    ['client.firmware == "uefi-x64" && client.transport == "tftp" && client.loader == "firmware"', true],
    ['client.oui == oui("52-54-00-aa-bb-cc")', true],
    ['client.mac == mac("5254.0000.0001")', true],
    ['client.vendorClass.startsWith("PXEClient")', true],
    ['client.vendorClass.matches("Arch:0+7:")', true],
    ['client.vendorClass.matches("^Arch")', false],
    ['client.userClass.size() == 0', true],
    ['"iPXE" in client.userClass', false],
    ['client.ipxe.version == ""', true],
    ['network.link == "eth0" && network.giaddr == ""', true],
    ['cidr(network.subnet).containsIP(machine.interface.address)', true],
    ['cidr("10.0.0.0/8").containsIP(ip(machine.interface.address))', false],
    ['ip(machine.interface.address) == ip("192.0.2.10")', true],
    ['isIP(network.giaddr)', false],
    ['cidr(network.giaddr).containsIP("192.0.2.1")', 'not an IPv4 network: ""'],
    ['machine.known && machine.netboot.allowPxe', true],
    ['machine.labels.rack == "12"', true],
    ['machine.labels["example.org/role"] == "worker"', true],
    ['machine.labels.row == "1"', 'no such key: row'],
    ['has(machine.labels.row) && machine.labels.row == "1"', false],
    ['"rack" in machine.labels', true],
    ['machine.labels.row == "1" || machine.known', true],
    ['machine.tags.exists(t, t.matches("^g"))', true],
    ['machine.tags.all(t, machine.tags.exists(u, u == t))', true],
    ['machine.metadata.cpus == 4', true],
    ['machine.metadata.cpus >= 2', true],
    ['machine.metadata.load == 0.5', true],
    ['machine.metadata.owner.team == "infra"', true],
    ['machine.metadata.disks[1] == "sdb"', true],
    ['machine.metadata.spare == null', true],
    ['machine.metadata.owner', 'its value is neither true nor false'],
    ['machine.metadata.cpus == "4"', false],
    ['machine.metadata.cpus > "3"', 'no such overload: dyn<double> > string'],
    ['machine.labels.constructor == "x"', 'no such key: constructor'],
    ['machine.metadata.__proto__ == "x"', 'no such key: __proto__'],
    ['now >= timestamp("2026-01-31T08:30:00Z") && now < timestamp("2026-01-31T08:30:01Z")', true],
    ['now.getHours() == 8 && now.getDayOfWeek() == 6', true],
    ['now - timestamp("2026-01-31T00:00:00Z") < duration("9h")', true],
    ['1 / (client.arch - 7) == 1', 'division by zero'],
    ['true', true],
  ]
  for (const [when, expected] of rows) {
    const policy = policyOf([[when, '{ deny: matched }']])
    const [tried] = decide(policy, FACTS).trace
    assert.equal(tried?.error ?? tried?.matched, expected, when)
  }
})

/** A verdict makes its trace when it is asked for it. */
function whole(policy: Policy, facts: Facts): Verdict {
  const verdict = decide(policy, facts)
  return { ...verdict, trace: verdict.trace }
}

test('decide: the first rule in document order decides, the trace ends with it', () => {
  const policy = policyOf([
    ['client.arch == 0', '{ deny: bios }'],
    ['machine.labels.row == "1"', '{ deny: row }'],
    ['machine.known', 'local-disk'],
    ['machine.known', '{ deny: too late }'],
  ])
  assert.deepEqual(whole(policy, FACTS), {
    decision: { kind: 'local-disk' },
    rule: 'r3',
    version: 'v1',
    trace: [
      { rule: 'r1', matched: false },
      { rule: 'r2', matched: false, error: 'no such key: row' },
      { rule: 'r3', matched: true },
    ],
  })
})

test('decide: otherwise', () => {
  assert.deepEqual(whole(policyOf([]), FACTS), {
    decision: { kind: 'ignore', reason: 'no rule matched' },
    rule: 'otherwise',
    version: 'v1',
    trace: [],
  })
})

const text = fc.string({ unit: 'binary', maxLength: 20 })
const anyFacts = fc.record({
  client: fc.record({
    mac: text,
    oui: text,
    arch: fc.oneof(fc.integer(), fc.double(), fc.constant(Number.NaN)),
    firmware: text,
    transport: text,
    loader: text,
    uuid: text,
    vendorClass: text,
    userClass: fc.array(text),
    ipxe: fc.record({ version: text, features: fc.array(text), busId: text }),
  }),
  network: fc.record({
    link: text,
    giaddr: text,
    circuitId: text,
    remoteId: text,
    relayFlags: fc.array(text),
    subnet: text,
  }),
  machine: fc.record({
    labels: fc.dictionary(text, text),
    tags: fc.array(text),
    metadata: fc.dictionary(text, fc.anything()),
  }),
  now: fc.oneof(fc.integer(), fc.double()),
})

test('decide: any facts give a decision, and the same facts the same one', () => {
  const policies = [
    parsePolicy(DEFAULT_POLICY, 'default'),
    policyOf([
      ['client.arch == 7 && client.vendorClass.matches("(a+)+$")', '{ deny: a }'],
      ['machine.labels.rack == "12" || machine.metadata.x == 1', '{ deny: b }'],
      ['machine.metadata.exists(k, machine.metadata[k] == "x")', '{ deny: c }'],
      ['now > timestamp("2026-01-01T00:00:00Z") && cidr(network.subnet).containsIP(network.giaddr)', '{ deny: d }'],
    ]),
  ]
  fc.assert(
    fc.property(anyFacts, fc.constantFrom(...policies), (given, policy) => {
      const facts = { ...given, machine: { ...UNKNOWN_MACHINE, ...given.machine } } as unknown as Facts
      const verdict = whole(policy, facts)
      assert.ok(verdict.rule === 'otherwise' || policy.rules.some((rule) => rule.name === verdict.rule))
      assert.deepEqual(whole(policy, facts), verdict)
    }),
    { numRuns: 500 },
  )
})

test('decide: a label or a key of the metadata may be called constructor', () => {
  const machine = {
    ...FACTS.machine,
    labels: { constructor: 'a', rack: '12' },
    metadata: { constructor: 'b', cpus: 4 },
  }
  const rows: readonly (readonly [string, boolean | string])[] = [
    ['machine.labels.rack == "12" && machine.metadata.cpus == 4', true],
    ['machine.labels.constructor == "a" && machine.metadata["constructor"] == "b"', true],
    ['has(machine.labels.constructor) && "constructor" in machine.metadata', true],
    ['machine.labels.exists(k, k == "constructor") && size(machine.labels) == 2', true],
    ['machine.labels.row == "1"', 'no such key: row'],
    ['has(machine.labels.toString)', false],
  ]
  for (const [when, expected] of rows) {
    const [tried] = decide(policyOf([[when, 'local-disk']]), { ...FACTS, machine }).trace
    assert.equal(tried?.error ?? tried?.matched, expected, when)
  }
})

test('decide: facts that are missing altogether are an error of the condition and of nothing else', () => {
  const policy = policyOf([
    ['client.arch == 7', '{ deny: a }'],
    ['machine.netboot.ipxe.url == ""', '{ deny: b }'],
  ])
  const { trace, rule } = decide(policy, { client: {}, network: {}, machine: {}, now: 0 } as unknown as Facts)
  assert.equal(rule, 'otherwise')
  assert.deepEqual(
    trace.map(({ error }) => error),
    ['no such key: arch', 'no such key: netboot'],
  )
})

/** Rules as `also` of one and `then` of the other; what is decided, by which rule, and with which class. */
const CLASSES: readonly (readonly [what: string, rules: readonly string[], found: readonly unknown[]])[] = [
  ['none', ['then: local-disk'], ['local-disk', 'r0', undefined]],
  ['of the rule that decides', ['then: local-disk, also: { class: a }'], ['local-disk', 'r0', 'a']],
  ['of a rule that decides nothing', ['also: { class: a }', 'then: local-disk'], ['local-disk', 'r1', 'a']],
  ['when no rule decides', ['also: { class: a }'], ['ignore', 'otherwise', 'a']],
  ['the first counts', ['also: { class: a }', 'then: local-disk, also: { class: b }'], ['local-disk', 'r1', 'a']],
  ['not of rules behind', ['then: local-disk', 'also: { class: a }'], ['local-disk', 'r0', undefined]],
  ['not of one that is not true', ['when: client.arch == 9, also: { class: a }'], ['ignore', 'otherwise', undefined]],
]

for (const [what, rules, found] of CLASSES) {
  test(`the DHCP class: ${what}`, () => {
    const list = rules.map(
      (rule, i) => `  - { name: r${i}, ${rule.startsWith('when') ? '' : "when: 'true', "}${rule} }\n`,
    )
    const text = `apiVersion: reboots/v1\nkind: BootPolicy\nrules:\n${list.join('')}otherwise: ignore\n`
    const policy = parsePolicy(text, 'test')
    const { decision, rule, dhcpClass, trace } = decide(policy, FACTS)
    assert.deepEqual([decision.kind, rule, dhcpClass], found)
    assert.deepEqual(
      trace.map((tried) => tried.rule),
      policy.rules.slice(0, trace.length).map(({ name }) => name),
    )
  })
}

test('a policy knows the classes that its rules give', () => {
  const text =
    "{ name: a, when: 'true', also: { class: x } }, { name: b, when: 'true', then: ignore, also: { class: y } }"
  const policy = parsePolicy(`apiVersion: reboots/v1\nkind: BootPolicy\nrules: [${text}]\notherwise: ignore\n`, 'test')
  assert.deepEqual([...policy.classes, ...parsePolicy(DEFAULT_POLICY, 'd').classes], ['x', 'y'])
})

test('of conditions that cannot be evaluated the policy is told, rule by rule, up to the one that decides', () => {
  const told: string[] = []
  const policy = policyOf([
    ['machine.labels.row > "1"', 'ignore'],
    ['1 / (client.arch - 7) > 0', 'ignore'],
    ['machine.known', 'local-disk'],
    ['machine.labels.column > "1"', 'ignore'],
  ])
  const noticed = { ...policy, failed: (rule: string, why: string) => void told.push(`${rule}: ${why}`) }
  assert.equal(decide(noticed, FACTS).rule, 'r3')
  assert.deepEqual(told, ['r1: no such key: row', 'r2: division by zero'])
})
