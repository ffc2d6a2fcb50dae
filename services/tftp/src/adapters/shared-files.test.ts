import assert from 'node:assert/strict'
import { link, mkdtemp, open, rename, rm, truncate, unlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { SharedFiles } from './shared-files.ts'

const OLD = 'the old build'

/** What happens to a file that is open, and whether those who began with it can go on. */
const ROWS: readonly [string, (file: string) => Promise<void>, boolean][] = [
  ['nothing', async () => {}, true],
  [
    'another is renamed over it',
    async (file) => {
      await writeFile(`${file}.new`, 'the new build')
      await rename(`${file}.new`, file)
    },
    true,
  ],
  ['it is removed', (file) => unlink(file), true],
  ['it is renamed', (file) => rename(file, `${file}.old`), true],
  ['it gets another name besides', (file) => link(file, `${file}.link`), true],
  ['it is written in place', (file) => writeFile(file, 'the new build'), false],
  ['it is cut', (file) => truncate(file, 3), false],
]

for (const [name, happen, goesOn] of ROWS) {
  test(`${name}: an open file ${goesOn ? 'is read as it was' : 'is not read on'}`, async (t) => {
    const top = await mkdtemp(path.join(tmpdir(), 'reboots-tftp-shared-'))
    t.after(() => rm(top, { recursive: true }))
    const name = path.join(top, 'ipxe.efi')
    await writeFile(name, OLD)
    // Clocks of file systems are coarse: what is written below must not be of the same tick.
    await utimes(name, 1, 1)
    const file = await new SharedFiles().use(await open(name))
    t.after(() => file.leave())
    await happen(name)
    const outcome = await file.read(0, OLD.length).then(
      (octets) => Buffer.from(octets).toString(),
      (error: Error) => error.message,
    )
    assert.equal(outcome, goesOn ? OLD : 'the file has changed while it was served')
  })
}
