import type { history } from '@reboots/api'
import { didYouMean, OperatorError } from '@reboots/runtime'
import { readArguments, type Command } from '../command.ts'
import { print } from '../leases/print.ts'
import { aligned, widthsOf } from '../leases/show.ts'
import { Declined, HistoryApi, named } from './call.ts'
import { historyJson, historyText, LIST_HEAD, listRow } from './show.ts'

export const boots: Command = {
  name: 'boots',
  summary: 'what machines booted, and what they have finished: list, show, booted, reopen',
  usage: `reboots boots [list]
reboots boots show MAC|record:ID
reboots boots booted MAC|record:ID
reboots boots reopen MAC|record:ID

Asks a running rules-engine. A MAC may be of any interface of a machine, written in any of the usual ways; record:ID is as the list has it.

list      the machines that have booted from the network, the last first
show      all that is remembered of one
booted    says that its operating system runs, as POST /booted/<mac> of ipxe-http does: what it was sent last is finished, and a rule
          with "once" that boots it no longer matches
reopen    forgets its past: what is done once is done again, and a guard counts from none

--address HOST:PORT   where the service is (rules.listen); 127.0.0.1:42115
--json                one JSON object per line

Exit: 0, or 1 when the service refuses, or 2 when the command line is wrong or no service answers.`,
  async run(args) {
    const { values, positionals } = readArguments('boots', args, OPTIONS)
    const { action, word } = bootsArguments(positionals)
    const api = new HistoryApi(values.address)
    try {
      if (word === undefined) await list(api, values.json)
      else await ACTIONS[action as keyof typeof ACTIONS](api, word, values.json)
      return 0
    } catch (error) {
      if (!(error instanceof Declined)) throw error
      console.error(`reboots boots ${action}: ${error.message}`)
      return 1
    } finally {
      api.close()
    }
  },
}

const OPTIONS = {
  address: { type: 'string', default: '127.0.0.1:42115' },
  json: { type: 'boolean', default: false },
} as const

/** What the words are: `word` names a machine, and only `list` goes without. OperatorError for anything that cannot be meant. */
export function bootsArguments([action = 'list', word, ...more]: readonly string[]): {
  readonly action: string
  readonly word: string | undefined
} {
  const names = ['list', ...Object.keys(ACTIONS)]
  if (!names.includes(action))
    throw new OperatorError(
      `there is no "reboots boots ${action}"${didYouMean(action, names)}`,
      `There are: ${names.join(', ')}.`,
    )
  const extra = action === 'list' ? word : more[0]
  if (extra !== undefined) throw new OperatorError(`"${extra}" is too much`, 'See: reboots help boots')
  if (action !== 'list' && word === undefined)
    throw new OperatorError('which machine is missing', `It is: reboots boots ${action} MAC|record:ID`)
  return { action, word }
}

type Act = (api: HistoryApi, word: string, json: boolean) => Promise<void>

const ACTIONS = {
  async show(api, word, json) {
    await say(await api.get(named(word)), json)
  },
  async booted(api, word, json) {
    await say(await api.booted(named(word)), json)
  },
  async reopen(api, word, json) {
    const before = await api.reopen(named(word))
    const finished = before.finished.length === 0 ? 'nothing was finished' : `forgotten: ${before.finished.join(', ')}`
    await print([json ? JSON.stringify(historyJson(before)) : `${before.subject} is reopened; ${finished}`])
  },
} as const satisfies Readonly<Record<string, Act>>

async function say(one: history.History, json: boolean): Promise<void> {
  await print([json ? JSON.stringify(historyJson(one)) : historyText(one, new Date())])
}

async function list(api: HistoryApi, json: boolean): Promise<void> {
  const all = await api.all()
  const lastOf = ({ boots, booted }: history.History): number => (boots.at(-1)?.at ?? booted)?.getTime() ?? 0
  const sorted = all.toSorted((one, other) => lastOf(other) - lastOf(one))
  if (json) return print(sorted.map((one) => JSON.stringify(historyJson(one))))
  if (sorted.length === 0) return console.error('no boots')
  const now = new Date()
  const rows = [LIST_HEAD, ...sorted.map((one) => listRow(one, now))]
  return print(aligned(rows, widthsOf(rows)))
}
