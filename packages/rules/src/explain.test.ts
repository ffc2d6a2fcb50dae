import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from './decide.ts'
import { explain } from './explain.ts'
import { FACTS, policyOf } from './policy.fixture.ts'

test('explain: why a rule did not match', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['client.arch == 0', 'client.arch == 0 is false (client.arch = 7)'],
    ['machine.known && client.arch == 0 && machine.name == ""', 'client.arch == 0 is false (client.arch = 7)'],
    ['!machine.known', '!machine.known is false (machine.known = true)'],
    ['machine.netboot.allowWorkflow', 'machine.netboot.allowWorkflow is false'],
    [
      '(client.arch == 0 || client.oui == "x") && true',
      'client.arch == 0 || client.oui == "x" is false (client.arch = 7, client.oui = "52:54:00")',
    ],
    ['machine.labels.rack == "13"', 'machine.labels.rack == "13" is false (machine.labels.rack = "12")'],
    ['machine.labels["rack"] == "13"', 'machine.labels["rack"] == "13" is false (machine.labels["rack"] = "12")'],
    ['machine.labels.row == "1" && machine.known', 'machine.labels.row == "1" cannot be evaluated: no such key: row'],
    ['machine.labels.row == "1" && client.arch == 0', 'client.arch == 0 is false (client.arch = 7)'],
    ['client.mac.matches("^00:\\\\d")', 'client.mac.matches("^00:\\\\d") is false (client.mac = "52:54:00:00:00:01")'],
    [
      'machine.tags.exists(t, t == client.uuid)',
      'machine.tags.exists(t, t == client.uuid) is false (machine.tags = ["gpu","new"], client.uuid = "")',
    ],
    [
      'machine.metadata.owner.team == "x"',
      'machine.metadata.owner.team == "x" is false (machine.metadata.owner.team = "infra")',
    ],
    ['machine.metadata.owner', 'machine.metadata.owner cannot be evaluated: its value is neither true nor false'],
    [
      'client.vendorClass + client.vendorClass == ""',
      'client.vendorClass + client.vendorClass == "" is false (client.vendorClass = "PXEClient:Arch:00007:UNDI:003000")',
    ],
    ['"é" == client.mac && true', '"\\u00e9" == client.mac is false (client.mac = "52:54:00:00:00:01")'],
  ]
  for (const [when, why] of rows) {
    const { trace } = explain(policyOf([[when, 'local-disk']]), FACTS)
    assert.deepEqual(
      trace.map((tried) => ({ condition: tried.condition, why: tried.why })),
      [{ condition: when, why }],
    )
  }
})

test('explain: decides as decide does, and says of the rule that matched nothing more', () => {
  const policy = policyOf([
    ['client.arch == 0', '{ deny: bios }'],
    ['machine.known', 'local-disk'],
    ['true', '{ deny: late }'],
  ])
  const { trace, ...verdict } = explain(policy, FACTS)
  const { trace: short, ...expected } = decide(policy, FACTS)
  assert.deepEqual(verdict, expected)
  assert.deepEqual(
    trace.map(({ rule, matched }) => ({ rule, matched })),
    short,
  )
  assert.deepEqual(trace.at(-1), { rule: 'r2', matched: true, condition: 'machine.known', why: '' })
})
