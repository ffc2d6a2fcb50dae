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

test('there is a sample of each format', () => assert.equal(samples.length, 4))

for (const { name, text } of samples) {
  test(`the sample is in order: ${text.slice(0, 40).replaceAll('\n', ' ')}`, async () => {
    const { entries, problems } = await readText(text, name)
    const machine = machineOf(entries[0]!)
    const [iface] = machine.interfaces
    const found = [machine.arch, iface?.mac, iface?.dhcp?.address, iface?.dhcp?.netmask, iface?.netboot?.allowPxe]
    assert.deepEqual([entries.length, problems], [1, []])
    assert.deepEqual(found, ['x86_64', '00:00:5e:00:53:01', '192.0.2.10', '255.255.255.0', true])
  })
}
