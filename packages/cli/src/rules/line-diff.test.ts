import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { requireTools } from '@reboots/testkit'
import * as fc from 'fast-check'
import { lineDiff } from './line-diff.ts'

const skip = requireTools({ commands: ['patch'] })
const directory = mkdtempSync(path.join(tmpdir(), 'reboots-diff-'))
after(() => rmSync(directory, { recursive: true }))

/** What patch(1) makes of a text with a difference. */
function patched(text: string, difference: string): string {
  const file = path.join(directory, 'text')
  writeFileSync(file, text)
  const { status, stdout, stderr } = spawnSync('patch', ['-u', file], { input: difference, encoding: 'utf8' })
  assert.equal(status, 0, `${stdout}${stderr}\n${difference}`)
  return readFileSync(file, 'utf8')
}

const shown = (before: string, after: string): string =>
  lineDiff(before, after, ['text', 'text'])
    .map((line) => `${line}\n`)
    .join('')

test('a difference has its lines in context, as diff -u prints it', () => {
  const lines = Array.from({ length: 20 }, (_, i) => `line ${i + 1}\n`)
  const changed = lines.with(2, 'three\n').toSpliced(15, 1)
  assert.deepEqual(lineDiff(lines.join(''), changed.join(''), ['old.yaml', 'new.yaml']), [
    '--- old.yaml',
    '+++ new.yaml',
    '@@ -1,6 +1,6 @@',
    ' line 1',
    ' line 2',
    '-line 3',
    '+three',
    ' line 4',
    ' line 5',
    ' line 6',
    '@@ -13,7 +13,6 @@',
    ' line 13',
    ' line 14',
    ' line 15',
    '-line 16',
    ' line 17',
    ' line 18',
    ' line 19',
  ])
  assert.deepEqual(lineDiff('same\n', 'same\n', ['a', 'b']), [])
})

test('patch makes one text of the other with it, whatever they are', { skip }, () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', '', '- x'), { maxLength: 40 })
    .chain((lines) => fc.constantFrom(lines.join('\n'), lines.map((line) => `${line}\n`).join('')))
  fc.assert(
    fc.property(text, text, (before, after) => {
      fc.pre(before !== after && before !== '' && after !== '')
      assert.equal(patched(before, shown(before, after)), after)
    }),
    { numRuns: 100 },
  )
})

test('texts that have nothing in common are one block, at once', { skip }, () => {
  const long = (word: string): string => Array.from({ length: 5000 }, (_, i) => `${word} ${i}\n`).join('')
  assert.equal(patched(long('old'), shown(long('old'), long('new'))), long('new'))
})
