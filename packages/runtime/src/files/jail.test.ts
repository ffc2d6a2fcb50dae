import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { openJailed } from './jail.ts'

const top = mkdtempSync(path.join(tmpdir(), 'reboots-jail-'))
const first = path.join(top, 'first')
const second = path.join(top, 'second')

before(() => {
  for (const directory of [first, second, path.join(first, 'sub'), path.join(top, 'real')]) mkdirSync(directory)
  writeFileSync(path.join(top, 'secret'), 'secret')
  writeFileSync(path.join(first, 'a.efi'), 'first a')
  writeFileSync(path.join(second, 'a.efi'), 'second a')
  writeFileSync(path.join(second, 'b.efi'), 'second b')
  writeFileSync(path.join(first, 'sub', 'c'), 'c')
  writeFileSync(path.join(top, 'real', 'd'), 'd')
  symlinkSync('../secret', path.join(first, 'leaves'))
  symlinkSync('..', path.join(first, 'up'))
  symlinkSync('sub/c', path.join(first, 'stays'))
  symlinkSync('nowhere', path.join(first, 'dangling'))
  symlinkSync('real', path.join(top, 'linked-root'))
  execFileSync('mkfifo', [path.join(first, 'pipe')])
})
after(() => rmSync(top, { recursive: true }))

async function outcome(roots: readonly string[], name: string): Promise<string> {
  const opened = await openJailed(roots, name)
  if (typeof opened === 'string') return opened
  const text = await opened.handle.readFile('utf8')
  await opened.handle.close()
  assert.equal(opened.size, text.length)
  return `"${text}"`
}

const ROWS: readonly [string, string][] = [
  ['a.efi', '"first a"'],
  ['/a.efi', '"first a"'],
  ['//./a.efi', '"first a"'],
  ['b.efi', '"second b"'],
  ['sub/c', '"c"'],
  ['stays', '"c"'],
  ['nope', 'missing'],
  ['dangling', 'missing'],
  ['a.efi/x', 'missing'],
  ['leaves', 'outside-root'],
  ['up/secret', 'outside-root'],
  ['up/first/a.efi', '"first a"'],
  ['../secret', 'bad-name'],
  ['sub/../../secret', 'bad-name'],
  ['/etc/passwd', 'missing'],
  ['a.efi\0.txt', 'bad-name'],
  ['..\\secret', 'bad-name'],
  ['', 'bad-name'],
  ['/', 'bad-name'],
  ['sub', 'not-a-regular-file'],
  ['sub/', 'not-a-regular-file'],
  ['pipe', 'not-a-regular-file'],
]

for (const [name, expected] of ROWS) {
  test(`${JSON.stringify(name)} is ${expected}`, async () =>
    assert.equal(await outcome([first, second], name), expected))
}

test('a root may itself be a symbolic link', async () => {
  assert.equal(await outcome([path.join(top, 'linked-root')], 'd'), '"d"')
})

test('a root that does not exist has no files', async () => {
  assert.equal(await outcome([path.join(top, 'none')], 'a.efi'), 'missing')
})

test('without a descriptor left it is not said that the file is missing', () => {
  const script = `import { openJailed } from ${JSON.stringify(path.join(import.meta.dirname, 'jail.ts'))}
    import { openSync } from 'node:fs'
    try { for (;;) openSync('/dev/null') } catch {}
    process.stdout.write(String(await openJailed([${JSON.stringify(first)}], 'a.efi')))`
  const limited = ['-c', 'ulimit -n 64; exec "$0" --input-type=module-typescript -e "$1"', process.execPath, script]
  assert.equal(execFileSync('sh', limited, { encoding: 'utf8' }), 'busy')
})
