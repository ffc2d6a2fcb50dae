import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UNSPECIFIED, parseIpv4, type Ipv4Address } from '@reboots/protocol/net'
import { encodeMenu, type BootMenu } from '@reboots/protocol/pxe'
import { decide } from './decide.ts'
import type { Menu } from './menu.ts'
import { bootMenuOf } from './menu.ts'
import { FACTS, MACHINE, policyOf, SITE } from './policy.fixture.ts'
import { renderBoot } from './render-boot.ts'
import type { Policy } from './policy.ts'

const PROFILES =
  'profiles: { install: { ipxe: { script: shell } }, rescue: { chain: "http://192.0.2.9/rescue.ipxe" } }\n'
const US = parseIpv4('192.0.2.1')!
const NO_DISCOVERY = { broadcast: false }

function menuPolicy(menu: string, rest = ''): Policy {
  return policyOf([['true', '{ menu: m }']], `${PROFILES}menus: { m: ${menu} }\n${rest}`)
}

const ENTRIES = `[
  { title: Install, boot: install },
  { title: Local disk, boot: local-disk },
  { title: Memory test, file: memtest.efi },
  { title: Windows, type: 32769, server: [192.0.2.7, 192.0.2.8] },
  { title: Whoever, type: 9 },
  { title: Rescue, boot: rescue }]`
const POLICY = menuPolicy(`{ prompt: Press F8, timeoutSeconds: 5, entries: ${ENTRIES} }`)
const DECISION = decide(POLICY, FACTS).decision

function menuIn(policy: Policy): Menu {
  return policy.menus.get('m')!
}

test('a menu as firmware is told of it: own entries have types of their own, others keep theirs', () => {
  const menu = bootMenuOf(menuIn(POLICY), US, { broadcast: true })
  const expected: BootMenu = {
    prompt: { timeout: 5, prompt: 'Press F8' },
    items: [
      { type: 0x8000, description: 'Install' },
      { type: 0, description: 'Local disk' },
      { type: 0x8003, description: 'Memory test' },
      { type: 0x8001, description: 'Windows' },
      { type: 9, description: 'Whoever' },
      { type: 0x8006, description: 'Rescue' },
    ],
    servers: [
      { type: 0x8000, addresses: [US] },
      { type: 0x8003, addresses: [US] },
      { type: 0x8001, addresses: [parseIpv4('192.0.2.7')!, parseIpv4('192.0.2.8')!] },
      { type: 0x8006, addresses: [US] },
    ],
    discovery: { broadcast: true },
  }
  assert.deepEqual(menu, expected)
})

test('an entry whose server has to be looked for is not in a menu where nobody may look', () => {
  const { items } = bootMenuOf(menuIn(POLICY), US, NO_DISCOVERY)
  assert.equal(
    items.some(({ description }) => description === 'Whoever'),
    false,
  )
})

test('time-outs as firmware reads them', () => {
  const rows = [
    ['0', 0],
    ['254', 254],
    ['forever', 255],
  ] as const
  for (const [written, timeout] of rows) {
    const policy = menuPolicy(`{ timeoutSeconds: ${written}, entries: [{ title: a, boot: install }] }`)
    const { prompt } = bootMenuOf(menuIn(policy), US, NO_DISCOVERY)
    assert.deepEqual(prompt, { timeout, prompt: 'Press F8 for the boot menu' })
  }
})

test('a menu of exactly 255 octets is accepted, and fits with every way of discovery; one more octet is not', () => {
  // control 3, group 6, servers 2 + 7, titles 2 + 2 × 3, prompt 3, end 1: 30 octets besides the texts.
  const menu = (prompt: number) =>
    `{ timeoutSeconds: 5, prompt: ${'p'.repeat(prompt)}, entries: [{ title: ${'t'.repeat(100)}, boot: install }, { title: ${'u'.repeat(100)}, boot: local-disk }] }`
  const fits = menuIn(menuPolicy(menu(25)))
  assert.equal(encodeMenu(bootMenuOf(fits, US, { broadcast: false, multicast: UNSPECIFIED })).length, 255)
  assert.throws(
    () => menuPolicy(menu(26)),
    /menus\.m: too long by 1 octets: prompt \(26\), titles \(200\) and servers take 256/,
  )
})

test('a test in the document may expect a menu, and says which one it got', () => {
  const menus =
    '{ timeoutSeconds: 5, entries: [{ title: a, boot: install }] }, n: { timeoutSeconds: 0, entries: [{ title: a, boot: local-disk }] }'
  assert.deepEqual(menuPolicy(menus, 'tests: [{ name: t, expect: { menu: m } }]\n').tests, ['t'])
  assert.throws(
    () => menuPolicy(menus, 'tests: [{ name: t, expect: { menu: n } }]\n'),
    /test "t" fails: got menu m by rule "r1"/,
  )
})

test('renderBoot: the menu, or the entry that was chosen', () => {
  const shown = {
    kind: 'menu',
    prompt: 'Press F8',
    timeoutSeconds: 5,
    entries: [
      { item: 1, title: 'Install' },
      { item: 2, title: 'Local disk' },
      { item: 3, title: 'Memory test' },
      { item: 6, title: 'Rescue' },
    ],
  }
  const rows: readonly (readonly [number | undefined, object])[] = [
    [undefined, shown],
    [1, { kind: 'script', text: '#!ipxe\nshell' }],
    [2, { kind: 'exit', message: 'booting from the local disk' }],
    [3, { kind: 'chain', url: 'http://192.0.2.1:7080/ipxe/binary/memtest.efi' }],
    [4, shown],
    [6, { kind: 'chain', url: 'http://192.0.2.9/rescue.ipxe' }],
    [7, shown],
    [0, shown],
  ]
  for (const [item, expected] of rows) {
    assert.deepEqual(renderBoot(POLICY, DECISION, { ...FACTS, machine: MACHINE }, SITE, item), expected, `item ${item}`)
  }
})

test('renderBoot: no time to choose is the first entry', () => {
  const policy = menuPolicy('{ timeoutSeconds: 0, entries: [{ title: a, boot: rescue }, { title: b, boot: install }] }')
  const { decision } = decide(policy, FACTS)
  assert.deepEqual(renderBoot(policy, decision, FACTS, SITE), { kind: 'chain', url: 'http://192.0.2.9/rescue.ipxe' })
  assert.deepEqual(renderBoot(policy, decision, FACTS, SITE, 2), { kind: 'script', text: '#!ipxe\nshell' })
})

test('a server of another entry may have the type that ours would have had', () => {
  const other = '{ title: b, type: 32768, server: 192.0.2.9 }'
  const policy = menuPolicy(`{ timeoutSeconds: 5, entries: [{ title: a, boot: install }, ${other}] }`)
  const types = bootMenuOf(menuIn(policy), 0 as Ipv4Address, NO_DISCOVERY).items.map(({ type }) => type)
  assert.deepEqual(types, [0x8001, 0x8000])
})
