import type { policies } from '@reboots/api'
import { print } from '../leases/print.ts'
import { numberIn, type RulesArguments } from './arguments.ts'
import type { PolicyApi } from './call.ts'
import { readDocument } from './documents.ts'
import { counted } from './local.ts'

/** What would change for every machine the rules-engine knows. Exit 1 if anything would, as diff has it. */
export async function impact(api: PolicyApi, { words, values }: RulesArguments): Promise<number> {
  const examples = numberIn('examples', values.examples, 0, 1_000_000)
  const source = words[0]!
  const report = await api.impact({ document: await readDocument(source), source, examples })
  await print(values.json ? [JSON.stringify(report)] : reportLines(report, examples))
  return report.changed === 0 ? 0 : 1
}

export function reportLines(report: policies.ImpactResponse, examples: number): string[] {
  const { before, after, machines, changed, differences, clients, assumed } = report
  const ways = clients.length === 1 ? clients[0] : `${clients.length} ways to ask`
  return [
    `${changed} of ${counted(machines, 'machine')} would get something else (${before} -> ${after}; as ${ways})`,
    ...differences.flatMap((one) => differenceLines(one, examples, clients.length)),
    ...(assumed.length === 0
      ? []
      : [`rules look at ${assumed.join(', ')} as well, which is not known before a machine asks: taken as empty`]),
  ]
}

/** Ways to ask that are named; more are counted. */
const NAMED = 4

/** `tried`: how many ways to ask were, if all of them were for every machine. */
export function differenceLines(
  difference: policies.Difference,
  examples: number,
  tried: number | undefined,
): string[] {
  const { before, after, machines, clients } = difference
  const named = clients.length <= NAMED ? clients.join(', ') : `${clients.length} ways to ask`
  const as = clients.length === tried ? '' : ` (as ${named})`
  const shown = difference.examples.slice(0, examples)
  const more = machines - shown.length
  return [
    `${counted(machines, 'machine')}: ${before} -> ${after}${as}`,
    ...shown.map((machine) => `  ${machine}`),
    ...(more > 0 && examples > 0 ? [`  and ${more} more`] : []),
  ]
}
