import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Result } from './conformance.ts'
import { DHCP_SECTIONS, PROXY_SECTIONS, type ChecklistRow, type Section } from './rows.ts'
import { SUBJECTS } from './subjects/index.ts'

/*
 * Runs the suite against each subject and prints what came out as Markdown tables, one for each section of the checklist; a subject that
 * claims no row of it has no column:
 *
 *     node test/conformance/src/table.ts [dhcp|proxydhcp]
 */
const TITLES: Readonly<Record<string, string>> = { reboots: 'Reboots', kea: 'Kea 2.2', dnsmasq: 'dnsmasq 2.90' }

const wanted = process.argv[2]
const sections = [...(wanted === 'proxydhcp' ? [] : DHCP_SECTIONS), ...(wanted === 'dhcp' ? [] : PROXY_SECTIONS)]
const results: Result[] = []
let failed = false
for (const { name } of SUBJECTS) {
  const found = await resultsOf(name)
  failed ||= found.some(({ outcome }) => outcome === 'fails')
  results.push(...found)
}
console.log(sections.map(tableOf).join('\n\n'))
process.exitCode = failed ? 1 : 0

async function resultsOf(subject: string): Promise<Result[]> {
  const room = fileURLToPath(new URL('..', import.meta.url))
  const files = (await readdir(room)).filter((file) => /^(rfc|pxe-|dhcp-extensions).*\.test\.ts$/.test(file))
  const directory = await mkdtemp(path.join(tmpdir(), 'cf-table-'))
  const file = path.join(directory, 'results')
  try {
    const env = { ...process.env, TEST_SUBJECT: subject, CONFORMANCE_RESULTS: file, CI: 'true' }
    const args = ['--test', '--test-concurrency=1', ...files]
    const suite = spawn(process.execPath, args, { cwd: room, env, stdio: ['ignore', 'pipe', 'inherit'] })
    // Its own report goes nowhere: the results say it all.
    suite.stdout.resume()
    await once(suite, 'close')
    const lines = (await readFile(file, 'utf8')).trim().split('\n')
    return lines.map((line) => JSON.parse(line) as Result)
  } finally {
    await rm(directory, { recursive: true })
  }
}

function tableOf({ title, rows }: Section): string {
  const ids = new Set(rows.map(({ id }) => id))
  const claims = (subject: string): boolean =>
    results.some((result) => result.subject === subject && ids.has(rowOf(result)) && result.outcome !== 'not-claimed')
  const subjects = SUBJECTS.map(({ name }) => name).filter(claims)
  const head = ['', '', title, ...subjects.map((name) => TITLES[name]!)]
  const lineOf = ({ id, level, requirement }: ChecklistRow): string[] => [
    id,
    level,
    requirement,
    ...subjects.map((name) => cellOf(id, name)),
  ]
  return [head, head.map(() => '---'), ...rows.map(lineOf)].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function rowOf({ id }: Result): string {
  return id.split('.')[0]!
}

/** All cases of a row in one cell: what was found, not what was hoped for. */
function cellOf(row: string, subject: string): string {
  const cases = results.filter((result) => result.subject === subject && rowOf(result) === row)
  const wrong = reasons(cases.filter(({ outcome }) => outcome === 'deviates' || outcome === 'fails'))
  const left = reasons(cases.filter(({ outcome }) => outcome === 'not-claimed'))
  const right = cases.some(({ outcome }) => outcome === 'conforms')
  const verdicts = [
    ...(wrong !== '' ? [`✗ ${wrong}`] : right ? ['✓'] : []),
    ...(left === '' ? [] : [left.startsWith('not yet') ? left : `not claimed: ${left}`]),
  ]
  return verdicts.join('; ').replaceAll('|', '\\|')
}

function reasons(cases: readonly Result[]): string {
  return [...new Set(cases.map(({ why }) => why))].join('; ')
}
