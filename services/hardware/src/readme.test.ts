import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { machineOf } from './records/entry.ts'
import { readText } from './records/read-file.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

/** The samples of records: every fenced block but the one of the configuration. */
const samples = [...readme.matchAll(/^```(yaml|json)\n([\s\S]*?)^```/gm)]
  .map((match) => ({ name: `sample.${match[1]}`, text: match[2]! }))
  .filter(({ text }) => !text.startsWith('hardware:'))

const [matched, formats] = [true, false].map((has) => samples.filter(({ text }) => text.includes('match:') === has))

test('there is a sample of each format', () => assert.equal(formats!.length, 4))

test('the sample of a machine without MAC is in order', async () => {
  const [{ name, text }] = matched as [(typeof samples)[number]]
  const { entries, problems } = await readText(text, name)
  const { match, dhcp } = machineOf(entries[0]!).interfaces[0]!
  const found = [problems, match?.circuitId, match?.remoteId, dhcp?.address]
  assert.deepEqual(found, [[], '45746865726e6574312f37', '02000000f1', '192.0.2.17'])
})

for (const { name, text } of formats!) {
  test(`the sample is in order: ${text.slice(0, 40).replaceAll('\n', ' ')}`, async () => {
    const { entries, problems } = await readText(text, name)
    const machine = machineOf(entries[0]!)
    const [iface] = machine.interfaces
    const found = [machine.arch, iface?.mac, iface?.dhcp?.address, iface?.dhcp?.netmask, iface?.netboot?.allowPxe]
    assert.deepEqual([entries.length, problems], [1, []])
    assert.deepEqual(found, ['x86_64', '00:00:5e:00:53:01', '192.0.2.10', '255.255.255.0', true])
  })
}
