import { leases as api } from '@reboots/api'
import { formatMac, parseIpv4, parseMac } from '@reboots/protocol/net'
import { didYouMean, OperatorError } from '@reboots/runtime'
import { readArguments } from '../command.ts'

export const ACTIONS = ['list', 'show', 'reserve', 'release', 'watch', 'history'] as const

export type Action = (typeof ACTIONS)[number]

/** What the command line says. */
export interface LeasesArguments {
  readonly action: Action
  readonly words: readonly string[]
  /** host:port of the service. */
  readonly address: string
  readonly json: boolean
  readonly list: api.ListRequest
  /** Undefined: for ever. */
  readonly until: Date | undefined
  readonly client: string | undefined
  readonly what: api.ReleaseWhat
  readonly limit: number
}

const DEFAULT_ADDRESS = '127.0.0.1:42117'

const OPTIONS = {
  address: { type: 'string', default: DEFAULT_ADDRESS },
  json: { type: 'boolean', default: false },
  subnet: { type: 'string', default: '' },
  state: { type: 'string', multiple: true },
  client: { type: 'string' },
  text: { type: 'string', default: '' },
  until: { type: 'string' },
  for: { type: 'string' },
  lease: { type: 'boolean', default: false },
  reservation: { type: 'boolean', default: false },
  limit: { type: 'string', default: '100' },
} as const

type OptionName = keyof typeof OPTIONS

/** How many words each action takes, what they are, and which options it heeds besides --address and --json. */
const SHAPES: Readonly<Record<Action, { words: readonly string[]; options: readonly OptionName[] }>> = {
  list: { words: [], options: ['subnet', 'state', 'client', 'text'] },
  show: { words: ['ADDRESS|MAC'], options: [] },
  reserve: { words: ['ADDRESS', 'MAC'], options: ['until', 'for'] },
  release: { words: ['ADDRESS'], options: ['client', 'lease', 'reservation'] },
  watch: { words: [], options: [] },
  history: { words: ['ADDRESS|MAC'], options: ['limit'] },
}

/** OperatorError for anything that cannot be meant. */
export function leasesArguments(args: readonly string[], now: Date): LeasesArguments {
  const { values, positionals } = readArguments('leases', args, OPTIONS)
  const [word = 'list', ...words] = positionals
  const action = actionNamed(word)
  const shape = SHAPES[action]
  if (words.length !== shape.words.length) {
    const due = ['reboots leases', action, ...shape.words].join(' ')
    throw wrong(
      words.length > shape.words.length ? `"${words.at(-1)}" is too much` : 'a word is missing',
      `It is: ${due}`,
    )
  }
  refuseForeign(args, action)
  return {
    action,
    words,
    address: values.address,
    json: values.json,
    list: {
      subnet: values.subnet,
      states: wordsIn(values.state ?? []).map(stateNamed),
      client: values.client ?? '',
      text: values.text,
    },
    until: untilOf(values.until, values.for, now),
    client: values.client,
    what: whatOf(values.lease, values.reservation),
    limit: limitOf(values.limit),
  }
}

function wrong(message: string, remedy = 'See: reboots help leases'): OperatorError {
  return new OperatorError(message, remedy)
}

function actionNamed(word: string): Action {
  const action = ACTIONS.find((one) => one === word)
  if (action !== undefined) return action
  throw wrong(`there is no "reboots leases ${word}"${didYouMean(word, ACTIONS)}`, `There are: ${ACTIONS.join(', ')}.`)
}

/** An option that means nothing here is a mistake, not to be passed over in silence. */
function refuseForeign(args: readonly string[], action: Action): void {
  const heeded: readonly string[] = ['address', 'json', ...SHAPES[action].options]
  const given = args.flatMap((arg) => /^--([a-z]+)/.exec(arg)?.[1] ?? [])
  const foreign = given.find((name) => !heeded.includes(name))
  if (foreign === undefined) return
  throw wrong(`--${foreign} is not for "leases ${action}"`, `It takes: ${heeded.map((name) => `--${name}`).join(' ')}`)
}

const STATES = {
  bound: api.LeaseState.BOUND,
  offered: api.LeaseState.OFFERED,
  declined: api.LeaseState.DECLINED,
  reserved: api.LeaseState.FREE,
} as const

function stateNamed(text: string): api.LeaseState {
  const found = Object.entries(STATES).find(([name]) => name === text)
  if (found !== undefined) return found[1]
  const names = Object.keys(STATES)
  throw wrong(`--state must be one of ${names.join(', ')}, not "${text}"${didYouMean(text, names)}`)
}

function wordsIn(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(',')).filter((word) => word !== '')
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

function untilOf(until: string | undefined, time: string | undefined, now: Date): Date | undefined {
  if (until !== undefined && time !== undefined)
    throw wrong('--until and --for say the same thing; one of them is enough')
  if (time !== undefined) {
    const [, count, unit] = /^(\d+)([smhdw])$/.exec(time) ?? []
    if (unit === undefined) throw wrong(`--for must be a time such as 90s, 30m, 12h, 7d or 2w, not "${time}"`)
    return new Date(now.getTime() + Number(count) * UNITS[unit]!)
  }
  if (until === undefined) return undefined
  const date = new Date(until)
  if (!/^\d{4}-\d\d-\d\d/.test(until) || Number.isNaN(date.getTime()))
    throw wrong(`--until must be a time such as 2030-01-31 or 2030-01-31T18:00, not "${until}"`)
  if (date <= now) throw wrong(`--until ${until} is over already`)
  return date
}

function whatOf(lease: boolean, reservation: boolean): api.ReleaseWhat {
  if (lease === reservation) return api.ReleaseWhat.UNSPECIFIED
  return lease ? api.ReleaseWhat.LEASE : api.ReleaseWhat.RESERVATION
}

function limitOf(text: string): number {
  const limit = Number(text)
  if (/^\d+$/.test(text) && limit >= 1 && limit <= 1000) return limit
  throw wrong(`--limit must be a number from 1 to 1000, not "${text}"`)
}

/** An address or a client, as calls take it: OperatorError when the word is neither. */
export function subjectOf(word: string): NonNullable<api.GetRequest['subject']> {
  if (parseIpv4(word) !== undefined) return { $case: 'address', value: word }
  const mac = parseMac(word)
  if (mac !== undefined) return { $case: 'client', value: formatMac(mac, 'colon') }
  if (/^(?:id|hw|record):/.test(word)) return { $case: 'client', value: word }
  throw wrong(
    `"${word}" is neither an IPv4 address nor a MAC address`,
    'Write one such as 192.0.2.10, 52:54:00:12:34:56, 52-54-00-12-34-56 or 5254.0012.3456; or a client identifier as the list shows it.',
  )
}
