import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { missing } from '@reboots/testkit'
import { compile, perfdhcpAvalanche, stormClient, type Avalanche } from './clients.ts'
import { describeMachine } from './describe-machine.ts'
import { openNetwork } from './network.ts'
import { quiet } from './quiet.ts'
import { isBestSetting, SUBJECTS } from './subjects/index.ts'
import { grouped, markdown } from './tables.ts'
import { nameOf, withServer, type Stage } from './with-server.ts'

/*
 * All clients at once, as after a power cut: perfdhcp's avalanche, until the last of them has its lease.
 *
 *     node test/performance/src/avalanche.ts [--short] [--clients 10000] [--rounds 3] [--match regexp] [--patient]
 *
 * Of Reboots and Kea the best settings; with --match any that the regular expression finds, such as 'kea, pool'.
 */
const { values: flags } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    clients: { type: 'string' },
    rounds: { type: 'string' },
    match: { type: 'string' },
    patient: { type: 'boolean', default: false },
  },
})
const clients = Number(flags.clients ?? (flags.short ? 500 : 10_000))
const rounds = Number(flags.rounds ?? (flags.short ? 1 : 3))
/** Whoever is not served by then never is. */
const MOST_SECONDS = 300

const HEAD = [
  'server',
  'addresses',
  'setting',
  'served',
  'last one after s',
  'asked again',
  'OFFER ms, mean',
  'max',
  'ACK ms, mean',
  'max',
]

const problems = missing({ root: true, commands: ['ip', 'taskset', 'cc', 'perfdhcp', 'timeout'] })
if (problems.length > 0) throw new Error(problems.join('; '))
const directory = await mkdtemp(path.join(tmpdir(), 'pf-avalanche-'))
await openNetwork()
try {
  await main()
} finally {
  await rm(directory, { recursive: true })
}

async function main(): Promise<void> {
  const storm = stormClient(compile('storm', directory))
  const stage: Stage = { directory, clients, warm: undefined }
  const wanted = SUBJECTS.filter(
    (subject) =>
      !subject.missing &&
      subject.addresses !== 'canned' &&
      (flags.match === undefined ? isBestSetting(subject) : new RegExp(flags.match).test(nameOf(subject))),
  )
  const rows: string[][] = []
  for (const subject of wanted) {
    const results: Avalanche[] = []
    // Each round meets a server that knows nobody.
    for (let round = 0; round < rounds; round++) {
      if (flags.patient) await quiet()
      results.push(await withServer(subject, storm, stage, () => perfdhcpAvalanche(clients, MOST_SECONDS)))
      console.error(`${nameOf(subject)}: ${results.at(-1)!.seconds} s`)
    }
    rows.push([subject.server, subject.addresses, subject.setting, ...cells(results)])
  }
  console.log(describeMachine(clients))
  console.log(markdown(HEAD, rows))
}

/** Of the round in the middle. */
function cells(results: readonly Avalanche[]): string[] {
  const { served, seconds, resent, offer, ack } = results.toSorted((a, b) => a.seconds - b.seconds)[
    results.length >> 1
  ]!
  const delays = [offer.mean, offer.max, ack.mean, ack.max].map((milliseconds) => milliseconds.toFixed(0))
  return [grouped(served), seconds.toFixed(2), grouped(resent), ...delays]
}
