import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { test, type TestContext } from 'node:test'

const BOOTSTRAP = fileURLToPath(new URL('../bootstrap.mjs', import.meta.url))

/** What the command does in these repositories: tells what it was given, then ends as it was told to. */
const COMMAND = `
import { writeFileSync } from 'node:fs'
const [how] = process.argv.slice(2)
const { PATH, NODE_COMPILE_CACHE } = process.env
writeFileSync(new URL('../../../told.json', import.meta.url), JSON.stringify({ args: process.argv.slice(2), path: PATH.split(':')[0], cwd: process.cwd(), cache: NODE_COMPILE_CACHE }))
process.on('SIGTERM', () => process.exit(9))
process.on('disconnect', () => { writeFileSync(new URL('../../../orphaned', import.meta.url), ''); process.exit() })
console.log('runs')
if (how !== 'stay') process.exit(Number(how))`

/** Installs by writing down that it did, and with what. */
const NPX = `#!/bin/sh
printf '%s\\n' "$*" "$HOME" > asked
cp pnpm-lock.yaml node_modules/.pnpm/lock.yaml
echo words of pnpm
`

interface Repository {
  readonly root: string
  run(args: readonly string[], env?: NodeJS.ProcessEnv): ChildProcess
  read(name: string): string
}

function repository(t: TestContext, { installed, npx = NPX }: { installed: boolean; npx?: string }): Repository {
  const root = mkdtempSync(join(tmpdir(), 'reboots-bootstrap-'))
  t.after(() => rmSync(root, { recursive: true }))
  for (const directory of ['packages/cli/src', 'node_modules/.pnpm', 'node_modules/.bin', 'bin']) {
    mkdirSync(join(root, directory), { recursive: true })
  }
  copyFileSync(BOOTSTRAP, join(root, 'packages/cli/bootstrap.mjs'))
  writeFileSync(join(root, 'package.json'), JSON.stringify({ type: 'module', packageManager: 'pnpm@1.2.3+sha512.abc' }))
  writeFileSync(join(root, 'packages/cli/src/main.ts'), COMMAND)
  writeFileSync(join(root, 'pnpm-lock.yaml'), 'wanted')
  writeFileSync(join(root, 'node_modules/.pnpm/lock.yaml'), installed ? 'wanted' : 'of last week')
  symlinkSync(process.execPath, join(root, 'node_modules/.bin/node'))
  writeFileSync(join(root, 'bin/npx'), npx)
  chmodSync(join(root, 'bin/npx'), 0o755)
  return {
    root,
    read: (name) => readFileSync(join(root, name), 'utf8'),
    run(args, env = {}) {
      const path = `${join(root, 'bin')}:/usr/bin:/bin`
      const child = spawn(process.execPath, [join(root, 'packages/cli/bootstrap.mjs'), ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: path, HOME: root, ...env },
        cwd: root,
      })
      t.after(() => child.kill('SIGKILL'))
      return child
    },
  }
}

async function finished(child: ChildProcess): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')])
  return { code, stdout, stderr }
}

test('what is installed is not installed again, and the exit code is that of the command', async (t) => {
  const { root, run, read } = repository(t, { installed: true })
  assert.deepEqual(await finished(run(['3', '--flag'])), { code: 3, stdout: 'runs\n', stderr: '' })
  assert.deepEqual(JSON.parse(read('told.json')), {
    args: ['3', '--flag'],
    path: join(root, 'node_modules/.bin'),
    cwd: root,
    cache: join(root, 'node_modules/.cache/compiled'),
  })
  assert.equal(existsSync(join(root, 'asked')), false)
})

test('paths mean the directory the command was given in, not the one npm changes to', async (t) => {
  const { root, run, read } = repository(t, { installed: true })
  await finished(run(['0'], { npm_lifecycle_event: 'start', INIT_CWD: join(root, 'packages') }))
  assert.equal((JSON.parse(read('told.json')) as { cwd: string }).cwd, join(root, 'packages'))
})

const homes = [
  { name: 'a home', env: {}, home: '' },
  { name: 'an empty HOME', env: { HOME: '' }, home: '.cache/home' },
  { name: 'a HOME that does not exist', env: { HOME: '/nonexistent' }, home: '.cache/home' },
]
for (const { name, env, home } of homes) {
  test(`what differs from the lockfile is installed with the pinned pnpm, with ${name}`, async (t) => {
    const { root, run, read } = repository(t, { installed: false })
    const { code, stdout, stderr } = await finished(run(['0'], env))
    assert.deepEqual([code, stdout], [0, 'runs\n'])
    assert.match(
      stderr,
      /^Installing what Reboots needs into .*node_modules \(once, with pnpm@1\.2\.3\) \.\.\.\nInstalled in \d+ s\.\n$/,
    )
    assert.deepEqual(read('asked').trimEnd().split('\n'), [
      '-y pnpm@1.2.3 install --frozen-lockfile --reporter=append-only --config.confirm-modules-purge=false',
      join(root, home).replace(/\/$/, ''),
    ])
  })
}

test('an installation that fails is shown, with what it needs', async (t) => {
  const { run } = repository(t, { installed: false, npx: '#!/bin/sh\necho no network >&2; exit 1\n' })
  const { code, stdout, stderr } = await finished(run(['0']))
  assert.deepEqual([code, stdout], [2, ''])
  assert.match(stderr, /no network\nreboots: the installation failed, see above; it needs the package registry once/)
})

test('without a packaged Node this one is taken', async (t) => {
  const { root, run } = repository(t, { installed: true })
  rmSync(join(root, 'node_modules/.bin/node'))
  assert.deepEqual(await finished(run(['0'])), { code: 0, stdout: 'runs\n', stderr: '' })
})

test('signals reach the command, and its exit code comes back', async (t) => {
  const child = repository(t, { installed: true }).run(['stay'])
  const ended = once(child, 'exit')
  await once(child.stdout!, 'data')
  child.kill('SIGTERM')
  assert.deepEqual(await ended, [9, null])
})

test('the command learns that the bootstrap was killed', async (t) => {
  const { root, run } = repository(t, { installed: true })
  const child = run(['stay'])
  await once(child.stdout!, 'data')
  child.kill('SIGKILL')
  // The command holds the other end of this pipe until it has ended.
  child.stdout!.resume()
  await once(child.stdout!, 'close')
  assert.equal(existsSync(join(root, 'orphaned')), true)
})
