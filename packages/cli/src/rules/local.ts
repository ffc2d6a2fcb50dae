import { formatProblem, lintPolicy, parsePolicy, PolicyError, type Policy, type Problem } from '@reboots/rules'
import { print } from '../leases/print.ts'
import type { RulesArguments } from './arguments.ts'
import { readDocument } from './documents.ts'

interface Read {
  readonly file: string
  /** Absent: it has problems. */
  readonly policy: Policy | undefined
  readonly problems: readonly Problem[]
}

/** What is read of one file, shown; whether all is well with it. */
type Show = (read: Read) => { readonly lines: readonly string[]; readonly json: object; readonly good: boolean }

/** The same look at every file: exit 1 if any of them is not as it should be. Needs no service. */
async function each({ words, values }: RulesArguments, show: Show): Promise<number> {
  let good = true
  for (const file of words) {
    const shown = show(readPolicy(await readDocument(file), file))
    good &&= shown.good
    await print(values.json ? [JSON.stringify({ file, ...shown.json })] : shown.lines)
  }
  return good ? 0 : 1
}

function readPolicy(document: string, file: string): Read {
  try {
    return { file, policy: parsePolicy(document, file), problems: [] }
  } catch (error) {
    if (error instanceof PolicyError) return { file, policy: undefined, problems: error.problems }
    throw error
  }
}

const lines = (problems: readonly Problem[]): string[] => problems.map((problem) => formatProblem(problem))

/** `3 rules`, `1 rule`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

export function check(args: RulesArguments): Promise<number> {
  return each(args, ({ file, policy, problems }) => {
    if (policy === undefined) return { lines: lines(problems), json: { accepted: false, problems }, good: false }
    const warnings = lintPolicy(policy)
    const counts = { rules: policy.rules.length, tests: policy.tests.length }
    const but = warnings.length === 0 ? '' : `; ${counted(warnings.length, 'warning')}, see: reboots rules lint ${file}`
    const text = `${file}: accepted, ${counted(counts.rules, 'rule')}, ${counted(counts.tests, 'test')} passed${but}`
    return { lines: [text], json: { accepted: true, problems, warnings, ...counts }, good: true }
  })
}

/** Each test that passed by its name; of those that fail, what came instead and why, rule by rule. */
export function test(args: RulesArguments): Promise<number> {
  return each(args, ({ file, policy, problems }) => {
    const tests = policy?.tests ?? []
    const failed = policy === undefined
    const summary = failed
      ? `${file}: ${counted(problems.length, 'problem')}`
      : `${file}: ${counted(tests.length, 'test')} passed`
    const texts = [...tests.map((name) => `ok   ${name}`), ...lines(problems).map((line) => `FAIL ${line}`), summary]
    return { lines: texts, json: { passed: tests, problems }, good: !failed }
  })
}

/** What is allowed and most likely not meant; of a policy that is not accepted, why. */
export function lint(args: RulesArguments): Promise<number> {
  return each(args, ({ file, policy, problems }) => {
    const found = policy === undefined ? problems : lintPolicy(policy)
    const good = found.length === 0
    return {
      lines: good ? [`${file}: nothing found`] : lines(found),
      json: { problems, warnings: policy ? found : [] },
      good,
    }
  })
}
