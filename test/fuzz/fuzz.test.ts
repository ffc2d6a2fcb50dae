import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { requireTools, run, tsharkFaults } from '@reboots/testkit'

const skip = requireTools({ commands: ['tshark'] }) ?? false
const FUZZ = fileURLToPath(new URL('src/fuzz.ts', import.meta.url))

test(
  '200 000 mutated packets: no throw, no hang, no growth, no wrong reply; nothing that tshark finds malformed',
  { skip },
  async (t) => {
    const directory = await mkdtemp(path.join(tmpdir(), 'rc-fuzz-'))
    t.after(() => rm(directory, { recursive: true }))
    const sample = path.join(directory, 'replies.pcap')
    const args = [FUZZ, '--seed', '1', '--packets', '200000', '--sample', sample]
    const report = await run({ command: process.execPath, args })
    // They are no proof of anything if the services refuse all of them at the first octet.
    for (const fate of ['offer', 'ack', 'nak', 'released', 'declined', 'malformed'])
      assert.match(report, new RegExp(`dhcp, port 67: ${fate} `))
    for (const fate of ['67: offer', '4011: ack']) assert.match(report, new RegExp(`proxydhcp, port ${fate} `))
    const types = await run({ command: 'tshark', args: ['-n', '-r', sample, '-T', 'fields', '-e', 'dhcp.option.dhcp'] })
    assert.deepEqual(new Set(types.trim().split('\n')), new Set(['2', '5', '6']))
    assert.equal(await tsharkFaults(sample, 'ip'), '')
  },
)
