import { existsSync } from 'node:fs'
import type { policies } from '@reboots/api'
import { print } from '../leases/print.ts'
import { aligned, widthsOf } from '../leases/show.ts'
import { numberIn, type RulesArguments } from './arguments.ts'
import type { PolicyApi } from './call.ts'
import { readDocument } from './documents.ts'
import { lineDiff } from './line-diff.ts'

const HEAD = ['REVISION', 'VERSION', 'SINCE', 'BY', 'WHAT', 'WHY']

export async function history(api: PolicyApi, { values }: RulesArguments): Promise<number> {
  const { versions, source } = await api.list({ limit: numberIn('limit', values.limit, 1, 1000), before: 0n })
  if (values.json) await print(versions.map((version) => JSON.stringify(versionJson(version))))
  else {
    const rows = [HEAD, ...versions.map(row)]
    await print(aligned(rows, widthsOf(rows)))
    console.error(source)
  }
  return 0
}

function row({ revision, version, at, by, origin, why }: policies.PolicyVersion): string[] {
  return [`#${revision}`, version, `${at!.toISOString().slice(0, 19)}Z`, by, origin, why.replaceAll(/\s+/g, ' ')]
}

export function versionJson({ revision, at, ...rest }: policies.PolicyVersion): object {
  return { revision: Number(revision), at: at ?? null, ...rest }
}

export async function show(api: PolicyApi, { words, values }: RulesArguments): Promise<number> {
  const { version, document, inForce } = await api.get(words[0] ?? '')
  if (values.json) await print([JSON.stringify({ ...versionJson(version!), inForce, document })])
  else process.stdout.write(document)
  return 0
}

interface Side {
  readonly name: string
  readonly document: string
}

/** One word: from what is in force to that. Exit 1 if there is a difference, as diff(1) has it. */
export async function diff(api: PolicyApi, { words, values }: RulesArguments): Promise<number> {
  const [one, other] = words
  const from = other === undefined ? await versionSide(api, '') : await side(api, one!)
  const to = await side(api, other ?? one!)
  const lines = lineDiff(from.document, to.document, [from.name, to.name])
  if (values.json) await print([JSON.stringify({ from: from.name, to: to.name, same: lines.length === 0, lines })])
  else await print(lines)
  return lines.length === 0 ? 0 : 1
}

/** What is a file is a file; else it is a version. */
async function side(api: PolicyApi, word: string): Promise<Side> {
  return existsSync(word) || /[./]/.test(word)
    ? { name: word, document: await readDocument(word) }
    : versionSide(api, word)
}

async function versionSide(api: PolicyApi, name: string): Promise<Side> {
  const { version, document } = await api.get(name)
  return { name: `version ${version!.version} (#${version!.revision})`, document }
}
