import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { formatProblem } from '../records/problem.ts'
import { Roster } from '../roster/roster.ts'
import { openFileSource } from './file-source.ts'

async function directory(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'reboots-hardware-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

/** A map by MAC with these machines, by their last octet. */
const machines = (...octets: readonly string[]): string =>
  octets.map((octet) => `00:00:5e:00:53:${octet}: {netboot: {allowPxe: true}}\n`).join('')

interface Opened {
  readonly roster: Roster
  /** Last octets of the machines served, in their order. */
  served(): string
  /** What is wrong, without the directory's name. */
  problems(): string[]
  /** Resolves when the files have been looked at and the condition holds. */
  until(condition: () => boolean): Promise<void>
}

async function open(t: TestContext, base: string, ...names: readonly string[]): Promise<Opened> {
  const roster = new Roster()
  const events = new EventEmitter()
  const paths = names.map((name) => join(base, name))
  const source = await openFileSource({ paths, roster, loaded: () => void events.emit('loaded') })
  t.after(() => source.close())
  return {
    roster,
    served: () => roster.entries.map(({ id }) => id.slice(-2)).join(' '),
    problems: () => source.problems.map((problem) => formatProblem(problem).replaceAll(`${base}/`, '')),
    async until(condition) {
      while (!condition()) await once(events, 'loaded')
    },
  }
}

test('a file: written in place, replaced by rename, emptied', async (t) => {
  const base = await directory(t)
  const file = join(base, 'a.yaml')
  await writeFile(file, machines('01'))
  const opened = await open(t, base, 'a.yaml')
  assert.deepEqual([opened.served(), opened.roster.revision], ['01', 1n])
  await writeFile(file, machines('01', '02'))
  await opened.until(() => opened.served() === '01 02')
  await writeFile(join(base, 'a.yaml.new'), machines('02', '03'))
  await rename(join(base, 'a.yaml.new'), file)
  await opened.until(() => opened.served() === '02 03')
  assert.equal(opened.roster.revision, 3n)
  await writeFile(file, '')
  await opened.until(() => opened.served() === '')
})

test('a Kubernetes volume: the link to the directory of the files is turned', async (t) => {
  const base = await directory(t)
  const volume = join(base, 'volume')
  await mkdir(join(volume, '..1'), { recursive: true })
  await writeFile(join(volume, '..1', 'machines.yaml'), machines('01'))
  await symlink('..1', join(volume, '..data'))
  await symlink('..data/machines.yaml', join(volume, 'machines.yaml'))
  const whole = await open(t, base, 'volume')
  const single = await open(t, base, 'volume/machines.yaml')
  assert.deepEqual([whole.served(), single.served()], ['01', '01'])
  await mkdir(join(volume, '..2'))
  await writeFile(join(volume, '..2', 'machines.yaml'), machines('02'))
  await symlink('..2', join(volume, '..data_tmp'))
  await rename(join(volume, '..data_tmp'), join(volume, '..data'))
  await rm(join(volume, '..1'), { recursive: true })
  await whole.until(() => whole.served() === '02')
  await single.until(() => single.served() === '02')
})

test('a directory: what is read of it, in which order, and that it is followed downwards', async (t) => {
  const base = await directory(t)
  await mkdir(join(base, 'm', 'b', 'deep'), { recursive: true })
  await mkdir(join(base, 'm', '.git'))
  const files = {
    'c.yml': '05',
    'b/2.json': '',
    'b/1.yaml': '02',
    'b/deep/x.yaml': '04',
    'a.yaml': '01',
    'a.yaml~': '09',
    '.h.yaml': '09',
    '.git/x.yaml': '09',
    'README.md': '09',
  }
  for (const [name, octet] of Object.entries(files))
    await writeFile(join(base, 'm', name), octet === '' ? '[]' : machines(octet))
  await writeFile(join(base, 'm/b/2.json'), JSON.stringify({ '00:00:5e:00:53:03': {} }))
  await symlink('../a.yaml', join(base, 'm/b/again.yaml'))
  await symlink('..', join(base, 'm/b/round'))
  await symlink('itself.yaml', join(base, 'm/itself.yaml'))
  await symlink('nothing.yaml', join(base, 'm/dangling.yaml'))
  await writeFile(join(base, 'notes'), machines('09'))
  await symlink('../notes', join(base, 'm/notes.txt'))
  await mkdir(join(base, 'elsewhere'))
  await writeFile(join(base, 'elsewhere/z.yaml'), machines('07'))
  await symlink('../elsewhere', join(base, 'm/elsewhere'))
  const opened = await open(t, base, 'm')
  assert.deepEqual([opened.served(), opened.problems()], ['01 02 03 04 05 07', []])
  await unlink(join(base, 'm/elsewhere'))
  await opened.until(() => opened.served() === '01 02 03 04 05')
  await mkdir(join(base, 'm/b/new'))
  await writeFile(join(base, 'm/b/new/y.yaml'), machines('06'))
  await opened.until(() => opened.served() === '01 02 03 04 06 05')
  await unlink(join(base, 'm/b/1.yaml'))
  await opened.until(() => opened.served() === '01 03 04 06 05')
})

test('a syntax error: the machines last read from that file stay, others change', async (t) => {
  const base = await directory(t)
  await writeFile(join(base, 'a.yaml'), machines('01'))
  await writeFile(join(base, 'b.yaml'), machines('02'))
  const opened = await open(t, base, 'a.yaml', 'b.yaml')
  await writeFile(join(base, 'a.yaml'), `${machines('03')}x: [\n`)
  await writeFile(join(base, 'b.yaml'), machines('04'))
  await opened.until(() => opened.served() === '01 04' && opened.problems().length > 0)
  assert.match(opened.problems().join(), /^a\.yaml:\d+:\d+ .*; the machines last read from this file are still served$/)
  await writeFile(join(base, 'a.yaml'), machines('03'))
  await opened.until(() => opened.served() === '03 04')
  assert.deepEqual([opened.problems(), opened.roster.complete], [[], true])
})

test('a syntax error at the start: the others are served, and it is known that something is missing', async (t) => {
  const base = await directory(t)
  await writeFile(join(base, 'a.yaml'), 'x: [\n')
  await writeFile(join(base, 'b.yaml'), machines('02'))
  const opened = await open(t, base, 'a.yaml', 'b.yaml')
  assert.deepEqual([opened.served(), opened.roster.complete], ['02', false])
  assert.match(opened.problems().join(), /^a\.yaml:2:1 .*; no machine of this file is served$/)
  await writeFile(join(base, 'a.yaml'), machines('01'))
  await opened.until(() => opened.served() === '01 02')
  assert.equal(opened.roster.complete, true)
})

test('nothing can be read at the start: nothing is said about machines, until something can', async (t) => {
  const base = await directory(t)
  await writeFile(join(base, 'a.yaml'), 'x: [\n')
  const opened = await open(t, base, 'a.yaml')
  assert.equal(opened.roster.revision, 0n)
  await writeFile(join(base, 'a.yaml'), machines('01'))
  await opened.until(() => opened.served() === '01')
})

test('a configured path that is gone keeps its machines; when it is back, it is read', async (t) => {
  const base = await directory(t)
  await mkdir(join(base, 'v'))
  await writeFile(join(base, 'v/a.yaml'), machines('01'))
  const opened = await open(t, base, 'v')
  await rename(join(base, 'v'), join(base, 'gone'))
  await opened.until(() => opened.problems().length > 0)
  assert.deepEqual(opened.problems(), ['v:1:1 cannot be read: ENOENT; the machines it had are still served'])
  assert.equal(opened.served(), '01')
  await mkdir(join(base, 'v'))
  await writeFile(join(base, 'v/b.yaml'), machines('02'))
  await opened.until(() => opened.served() === '02')
  await writeFile(join(base, 'v/c.yaml'), machines('03'))
  await opened.until(() => opened.served() === '02 03')
})

test('a duplicate is decided by the order of the files, whichever was there first', async (t) => {
  const base = await directory(t)
  await writeFile(join(base, 'b.yaml'), '00:00:5e:00:53:01: {hostname: b}\n')
  await writeFile(join(base, 'a.yaml'), '')
  const opened = await open(t, base, '')
  const origin = (): string => opened.roster.entries.map((entry) => entry.origin.file.slice(base.length)).join(' ')
  assert.equal(origin(), '/b.yaml')
  await writeFile(join(base, 'a.yaml'), '00:00:5e:00:53:01: {hostname: a}\n')
  await opened.until(() => origin() === '/a.yaml')
  assert.match(opened.problems().join(), /^b\.yaml:1:1 .*belongs to the machine at a\.yaml:1:1 already/)
  await unlink(join(base, 'a.yaml'))
  await opened.until(() => origin() === '/b.yaml')
})

test('many changes close together are one revision or few, and the last one counts', async (t) => {
  const base = await directory(t)
  await writeFile(join(base, 'a.yaml'), machines('00'))
  const opened = await open(t, base, 'a.yaml')
  for (let n = 10; n < 60; n++) await writeFile(join(base, 'a.yaml'), machines(String(n)))
  await opened.until(() => opened.served() === '59')
  assert.ok(opened.roster.revision < 20n, `revision ${opened.roster.revision}`)
})
