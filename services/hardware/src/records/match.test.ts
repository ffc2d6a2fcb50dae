import assert from 'node:assert/strict'
import { test } from 'node:test'
import { machineOf } from './entry.ts'
import { formatProblem } from './problem.ts'
import { readText } from './read-file.ts'
import { unique } from './unique.ts'

const FORMATS: Readonly<Record<string, readonly string[]>> = {
  v1alpha1: [
    'apiVersion: tinkerbell.org/v1alpha1',
    'metadata: {name: a}',
    'spec:',
    '  interfaces:',
    '    - match: {uuid: 4C4C4544-0033-3010-8052-B4C04F564231}',
  ],
  v1alpha2: [
    'apiVersion: tinkerbell.org/v1alpha2',
    'metadata: {name: a}',
    'spec:',
    '  networkInterfaces:',
    '    00:00:5e:00:53:01:',
    '      match: {uuid: 4C4C4544-0033-3010-8052-B4C04F564231}',
  ],
  tink: ['{"id": "a", "network": {"interfaces": [{"match": {"uuid": "4C4C4544-0033-3010-8052-B4C04F564231"}}]}}'],
  'Smee map': ['00:00:5e:00:53:01:', '  match: {uuid: 4C4C4544-0033-3010-8052-B4C04F564231}'],
}

for (const [format, lines] of Object.entries(FORMATS)) {
  test(`${format} has a match for an interface`, async () => {
    const { entries, problems } = await readText(lines.join('\n'), 'f')
    const uuid = '4c4c4544-0033-3010-8052-b4c04f564231'
    const match = { clientIds: [], circuitId: '', remoteId: '', uuid, when: '' }
    assert.deepEqual([problems, entries.map((entry) => machineOf(entry).interfaces[0]!.match)], [[], [match]])
  })
}

/** The lines of a record, each below `match:` of an interface without a MAC. */
function record(name: string, ...lines: readonly string[]): string {
  const match = lines.map((line) => `      ${line}\n`).join('')
  return `kind: Hardware\nmetadata: {name: ${name}}\nspec:\n  interfaces:\n  - match:\n${match}`
}

const none = { clientIds: [], circuitId: '', remoteId: '', uuid: '', when: '' }

const READ: readonly { readonly line: string; readonly match: object }[] = [
  { line: `clientId: '0x0152540A'`, match: { clientIds: ['0152540a'] } },
  { line: 'clientId: 01:52:54:0A', match: { clientIds: ['0152540a'] } },
  { line: 'clientId: node-1', match: { clientIds: ['6e6f64652d31', '006e6f64652d31'] } },
  { line: 'circuitId: Ethernet1/7', match: { circuitId: '45746865726e6574312f37' } },
  { line: `circuitId: '0x0004'`, match: { circuitId: '0004' } },
  { line: 'circuitId: "Gi0/1: über"', match: { circuitId: '4769302f313a20c3bc626572' } },
  { line: 'remoteId: 02:00:00:00:00:f1', match: { remoteId: '0200000000f1' } },
  { line: 'when: client.oui == "b8:27:eb"', match: { when: 'client.oui == "b8:27:eb"' } },
]

for (const { line, match } of READ) {
  test(`read: ${line}`, async () => {
    const { entries, problems } = await readText(record('a', line), 'f')
    const [iface] = machineOf(entries[0]!).interfaces
    assert.deepEqual([problems, iface!.mac, iface!.match], [[], '', { ...none, ...match }])
  })
}

const at = 'spec.interfaces[0].match'

const REFUSED: readonly { readonly lines: readonly string[]; readonly problem: string }[] = [
  { lines: ['clientId: 0x0152'], problem: `f:6:17 ${at}.clientId: YAML read a number here: put it in quotes` },
  {
    lines: [`clientId: '0x015'`],
    problem: `f:6:17 ${at}.clientId: "0x015" is no hexadecimal; write two digits for each octet`,
  },
  {
    lines: ['clientId: 01:52:5'],
    problem: `f:6:17 ${at}.clientId: "01:52:5" is no hexadecimal; write two digits for each octet`,
  },
  { lines: ['clientId: x'], problem: `f:6:17 ${at}.clientId: is one octet; a client identifier has two at least` },
  {
    lines: ['remoteId: 00:00:5e:00:53:0g'],
    problem: `f:6:17 ${at}.remoteId: "00:00:5e:00:53:0g" is no hexadecimal; write two digits for each octet`,
  },
  { lines: ['remoteId: ""'], problem: `f:6:17 ${at}.remoteId: is empty; leave it out` },
  {
    lines: [`circuitId: ${'x'.repeat(256)}`],
    problem: `f:6:18 ${at}.circuitId: is longer than 255 octets`,
  },
  {
    lines: ['uuid: 4c4c4544'],
    problem: `f:6:13 ${at}.uuid: "4c4c4544" is no UUID; write it as firmware prints it, 4c4c4544-0033-3010-8052-b4c04f564231`,
  },
  {
    lines: ['uuid: 00000000-0000-0000-0000-000000000000'],
    problem: `f:6:13 ${at}.uuid: "00000000-0000-0000-0000-000000000000" is what firmware without a UUID sends; leave it out`,
  },
  {
    lines: ['uuid: 4c4c4544-0033-3010-8052-b4c04f564231', 'circuitID: eth1'],
    problem: `f:7:18 ${at}.circuitID: unknown field, did you mean circuitId?`,
  },
  {
    lines: ['when: client.maac == "x"'],
    problem: `f:6:13 ${at}.when: client has no field "maac"; did you mean "mac"? (character 8 of the condition)`,
  },
  {
    lines: ['when: client.arch == "7"'],
    problem: `f:6:13 ${at}.when: == does not work on int and string (character 1 of the condition)`,
  },
  {
    lines: ['when: client.mac'],
    problem: `f:6:13 ${at}.when: a condition is true or false, this is string (character 1 of the condition)`,
  },
  {
    lines: ['when: machine.known'],
    problem: `f:6:13 ${at}.when: there is no "machine"; there are client, network (character 1 of the condition)`,
  },
  { lines: ['when: true'], problem: `f:6:13 ${at}.when: must be a condition, not true` },
  { lines: ['{}'], problem: `f:6:7 ${at}: names nothing; write one of circuitId, clientId, remoteId, uuid, when` },
  { lines: ['eth1'], problem: `f:6:7 ${at}: must be a mapping, not "eth1"` },
]

for (const { lines, problem } of REFUSED) {
  test(`refused: ${problem.slice(0, 100)}`, async () => {
    const { entries, problems } = await readText(record('a', ...lines), 'f')
    assert.deepEqual([problems.map(formatProblem), entries], [[problem], []])
  })
}

test('a machine without MAC needs an id', async () => {
  const { problems } = await readText('kind: Hardware\nspec: {interfaces: [{match: {remoteId: eth1}}]}', 'f')
  assert.deepEqual(problems.map(formatProblem), ['f:1:1 metadata.name: missing; a machine without a MAC needs one'])
})

/** Two records, and what is said of the second one. */
const TWICE: readonly { readonly one: string; readonly other: string; readonly key: string }[] = [
  { one: 'clientId: node-1', other: `clientId: '0x006e6f64652d31'`, key: 'client-id 0x006e6f64652d31' },
  { one: 'circuitId: eth1', other: `circuitId: '0x65746831'`, key: 'circuit-id 0x65746831 ("eth1")' },
  {
    one: '{circuitId: eth1, remoteId: a}',
    other: '{circuitId: eth1, remoteId: a}',
    key: 'circuit-id 0x65746831 ("eth1") of remote-id 0x61 ("a")',
  },
  {
    one: 'uuid: 4c4c4544-0033-3010-8052-b4c04f564231',
    other: 'uuid: 4C4C4544-0033-3010-8052-B4C04F564231',
    key: 'uuid 4c4c4544-0033-3010-8052-b4c04f564231',
  },
]

for (const { one, other, key } of TWICE) {
  test(`twice: ${key}`, async () => {
    const { entries } = await readText(`${record('a', one)}---\n${record('b', other)}`, 'f')
    const { entries: served, problems } = unique([entries])
    const said = `${key} belongs to the machine at f:1:1 already, which stays; change one of the two`
    assert.deepEqual([served.map(({ id }) => id), problems.map(formatProblem)], [['a'], [`f:8:1 ${said}`]])
  })
}

test('on two interfaces of one machine', async () => {
  const text = `${record('a', 'remoteId: eth1')}  - match: {remoteId: eth1}\n`
  const { problems } = await readText(text, 'f')
  const said = 'f:1:1 has remote-id 0x65746831 ("eth1") on two interfaces; each needs its own'
  assert.deepEqual(problems.map(formatProblem), [said])
})

test('a circuit of one switch is not that of another, nor that of any', async () => {
  const lines = [
    '{circuitId: eth1}',
    '{circuitId: eth1, remoteId: a}',
    '{circuitId: eth1, remoteId: b}',
    '{remoteId: a}',
  ]
  const { entries } = await readText(lines.map((line, i) => record(`m${i}`, line)).join('---\n'), 'f')
  assert.deepEqual(unique([entries]).problems, [])
})

test('a site has so many conditions, and the machine after them is refused', async () => {
  const records = Array.from({ length: 102 }, (_, i) => record(`m${i}`, 'when: client.oui == "b8:27:eb"'))
  const { entries } = await readText([...records, record('other', 'remoteId: eth1')].join('---\n'), 'f')
  const { entries: served, problems } = unique([entries])
  assert.deepEqual([served.length, served.at(-1)!.id, problems.length], [101, 'other', 2])
  assert.match(formatProblem(problems[0]!), /^f:701:1 is one more than 100 interfaces that are found by a condition/)
})
