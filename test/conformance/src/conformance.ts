import assert from 'node:assert/strict'
import { appendFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { requireTools } from '@reboots/testkit'
import { Lab } from './lab.ts'
import { isRow } from './rows.ts'
import type { Site } from './site.ts'
import type { Stand } from './subjects/subject.ts'
import { subject } from './subjects/index.ts'

export type Outcome = 'conforms' | 'deviates' | 'fails' | 'not-claimed'

/** What became of one case; the table is made of these. */
export interface Result {
  readonly subject: string
  readonly id: string
  readonly outcome: Outcome
  readonly why: string
}

/** Adds a test for a row of the checklist (`P1`) or one case of it (`S2.pool`). */
export type Row = (id: string, title: string, body: (lab: Lab) => Promise<void>) => void

const skip = requireTools({ root: true, commands: ['ip', 'tshark', ...subject.commands] }) ?? false

/**
 * Tests of one section of a specification against the subject, which is started once for all of them; not at all, if it claims
 * none of the rows. At the end, whatever it sent and nobody asked for is an error, and so is a packet that tshark finds fault with.
 */
export function conformance(section: string, site: Site, add: (row: Row) => void): void {
  describe(`${section} (${subject.name})`, { skip, timeout: 120_000 }, () => {
    let lab: Lab
    let claimed = 0
    let failed = false
    add((id, title, body) => {
      assert.ok(isRow(id), `${id} is a row of the checklist`)
      const stand = standOf(id)
      if (stand === undefined || !('notClaimed' in stand)) claimed++
      addRow(id, title, stand, async () => {
        try {
          await body(lab)
        } catch (error) {
          failed = true
          throw error
        }
      })
    })
    if (claimed === 0) return
    before(async () => {
      lab = await Lab.open(subject, site)
    })
    after(() => lab?.close())
    // A row that failed may have left answers behind that nobody took.
    test('nothing was sent that was not asked for', () => assert.deepEqual(failed ? [] : lab.strays(), []))
    test('tshark finds fault with nothing that was sent', async () => assert.equal(await lab.faults(), ''))
  })
}

/** A row that is not claimed stands for all its cases; a deviation is that of one case. */
function standOf(id: string): Stand | undefined {
  const whole = subject.stands[id.split('.')[0]!]
  return subject.stands[id] ?? (whole !== undefined && 'notClaimed' in whole ? whole : undefined)
}

function addRow(id: string, title: string, stand: Stand | undefined, body: () => Promise<void>): void {
  if (stand !== undefined && 'notClaimed' in stand) {
    report(id, 'not-claimed', stand.notClaimed)
    test(`${id} ${title}`, { skip: `${subject.name} does not claim it: ${stand.notClaimed}` })
    return
  }
  const deviation = stand?.deviates
  test(`${id} ${title}${deviation === undefined ? '' : ` (known to deviate: ${deviation})`}`, async () => {
    const failure = await body().then(
      () => undefined,
      (error: Error) => error,
    )
    if (deviation === undefined) {
      report(id, failure === undefined ? 'conforms' : 'fails', firstLine(failure))
      if (failure !== undefined) throw failure
    } else {
      report(id, failure instanceof assert.AssertionError ? 'deviates' : 'fails', deviation)
      assert.ok(
        failure instanceof assert.AssertionError,
        `should deviate (${deviation}), but: ${failure?.stack ?? 'it conforms'}`,
      )
    }
  })
}

function firstLine(error: Error | undefined): string {
  return error?.message.split('\n')[0] ?? ''
}

/** One line of JSON for each case, where the table generator wants them. */
function report(id: string, outcome: Outcome, why: string): void {
  const file = process.env['CONFORMANCE_RESULTS']
  const result: Result = { subject: subject.name, id, outcome, why }
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(result)}\n`)
}
