import { formatProblem } from '@reboots/rules'
import { print } from '../leases/print.ts'
import { whoeverThisIs, type RulesArguments } from './arguments.ts'
import type { PolicyApi } from './call.ts'
import { readBytes, readDocument } from './documents.ts'
import { versionJson } from './history.ts'

/** Who, why, and what is replaced: what is in force when the command begins, if the command line names nothing else. */
async function changeOf(api: PolicyApi, { values }: RulesArguments) {
  const { versions, source } = await api.list({ limit: 1, before: 0n })
  const replaces = values.replaces || (versions[0]?.version ?? '*')
  return { source, change: { replaces, by: values.by || whoeverThisIs(), why: values.why } }
}

export async function apply(api: PolicyApi, args: RulesArguments): Promise<number> {
  const file = args.words[0]!
  const document = await readDocument(file)
  const signature = await signatureOf(file, args.values.signature)
  const { change, source } = await changeOf(api, args)
  const { version, warnings, unchanged } = await api.apply({ document, source: file, signature, ...change })
  if (args.values.json) {
    await print([JSON.stringify({ ...versionJson(version!), unchanged, replaced: change.replaces, warnings })])
    return 0
  }
  for (const warning of warnings) console.error(`warning: ${formatProblem(warning)}`)
  await print([unchanged ? `${version!.version} is in force already` : inForce(version!, change.replaces)])
  if (!unchanged) console.error(source)
  return 0
}

const inForce = ({ version, revision }: { version: string; revision: bigint }, replaced: string): string =>
  `in force: ${version} (#${revision})${replaced === '*' ? '' : `, instead of ${replaced}`}`

/** Without a name nothing is signed: a signature that happens to lie about is not taken. */
async function signatureOf(file: string, name: string): Promise<Buffer> {
  if (name === '') return Buffer.alloc(0)
  return readBytes(name, `--signature names the detached signature of ${file}, such as ${file}.sig.`)
}

export async function rollback(api: PolicyApi, args: RulesArguments): Promise<number> {
  const { change } = await changeOf(api, args)
  const { version, unchanged } = await api.rollback({ version: args.words[0] ?? '', ...change })
  const text = unchanged ? `${version!.version} is in force already` : inForce(version!, change.replaces)
  await print([
    args.values.json ? JSON.stringify({ ...versionJson(version!), unchanged, replaced: change.replaces }) : text,
  ])
  return 0
}
