import type { policies } from '@reboots/api'
import { print } from '../leases/print.ts'
import { numberIn, whoeverThisIs, wrong, type RulesArguments } from './arguments.ts'
import type { PolicyApi } from './call.ts'
import { readDocument } from './documents.ts'
import { differenceLines } from './impact.ts'
import { counted } from './local.ts'

/** With a file: tries it out. With `--stop`: no longer. Without: what has been found so far; exit 1 if anything would be different. */
export async function shadow(api: PolicyApi, { words, values }: RulesArguments): Promise<number> {
  const [file] = words
  if (values.stop && file !== undefined) throw wrong('--stop takes no file')
  if (values.stop) {
    await api.stopShadow()
    await print([values.json ? '{}' : 'no policy is tried out'])
    return 0
  }
  if (file !== undefined) {
    const account = { by: values.by || whoeverThisIs(), why: values.why }
    const { version } = await api.startShadow({ document: await readDocument(file), source: file, ...account })
    await print([values.json ? JSON.stringify({ version }) : `${version} is tried out; see: reboots rules shadow`])
    return 0
  }
  const examples = numberIn('examples', values.examples, 0, 1_000_000)
  const report = await api.getShadow({ examples })
  await print(values.json ? [JSON.stringify(shadowJson(report))] : reportLines(report, examples))
  return report.changed === 0 ? 0 : 1
}

function shadowJson({ decisions, leftOut, ...rest }: policies.GetShadowResponse): object {
  return { ...rest, decisions: Number(decisions), leftOut: Number(leftOut) }
}

function reportLines(report: policies.GetShadowResponse, examples: number): string[] {
  const { before, after, since, by, decisions, leftOut, changed, differences } = report
  const over = leftOut === 0n ? '' : ` (${leftOut} more were too many to try)`
  return [
    `${after} is tried out by ${by} since ${since!.toISOString().slice(0, 19)}Z, beside ${before}`,
    `${counted(Number(decisions), 'decision')}${over}; ${counted(changed, 'machine')} would have got something else`,
    ...differences.flatMap((one) => differenceLines(one, examples, undefined)),
  ]
}
