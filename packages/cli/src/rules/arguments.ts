import { hostname, userInfo } from 'node:os'
import { didYouMean, OperatorError } from '@reboots/runtime'
import { readArguments } from '../command.ts'

export const ACTIONS = [
  'check',
  'test',
  'lint',
  'diff',
  'apply',
  'rollback',
  'history',
  'show',
  'explain',
  'impact',
  'shadow',
] as const

export type Action = (typeof ACTIONS)[number]

const text = { type: 'string', default: '' } as const
const OPTIONS = {
  address: { type: 'string', default: '127.0.0.1:42115' },
  json: { type: 'boolean', default: false },
  why: text,
  by: text,
  replaces: text,
  signature: text,
  limit: { type: 'string', default: '20' },
  examples: { type: 'string', default: '5' },
  stop: { type: 'boolean', default: false },
  policy: text,
  mac: text,
  arch: text,
  transport: text,
  loader: text,
  uuid: text,
  'vendor-class': text,
  'user-class': { type: 'string', multiple: true, default: [] as string[] },
  link: text,
  giaddr: text,
  'circuit-id': text,
  'remote-id': text,
  'client-id': text,
  machine: text,
} as const

type OptionName = keyof typeof OPTIONS

/** What the command line says. */
export interface RulesArguments {
  readonly action: Action
  readonly words: readonly string[]
  readonly values: ReturnType<typeof readArguments<typeof OPTIONS>>['values']
}

interface Shape {
  readonly words: string
  readonly least: number
  readonly most: number
  /** What it heeds besides --json. */
  readonly options: readonly OptionName[]
}

const CHANGE = ['address', 'why', 'by', 'replaces'] as const
const CLIENT = ['mac', 'arch', 'transport', 'loader', 'uuid', 'vendor-class', 'user-class', 'link', 'giaddr'] as const
const RELAYED = ['circuit-id', 'remote-id', 'client-id', 'machine'] as const

const SHAPES: Readonly<Record<Action, Shape>> = {
  check: { words: 'FILE...', least: 1, most: Infinity, options: [] },
  test: { words: 'FILE...', least: 1, most: Infinity, options: [] },
  lint: { words: 'FILE...', least: 1, most: Infinity, options: [] },
  diff: { words: 'FILE|VERSION [FILE|VERSION]', least: 1, most: 2, options: ['address'] },
  apply: { words: 'FILE', least: 1, most: 1, options: [...CHANGE, 'signature'] },
  rollback: { words: '[VERSION]', least: 0, most: 1, options: CHANGE },
  history: { words: '', least: 0, most: 0, options: ['address', 'limit'] },
  show: { words: '[VERSION]', least: 0, most: 1, options: ['address'] },
  impact: { words: 'FILE', least: 1, most: 1, options: ['address', 'examples'] },
  shadow: { words: '[FILE]', least: 0, most: 1, options: ['address', 'examples', 'why', 'by', 'stop'] },
  explain: { words: '', least: 0, most: 0, options: ['address', 'policy', ...CLIENT, ...RELAYED] },
}

/** OperatorError for anything that cannot be meant. */
export function rulesArguments(args: readonly string[]): RulesArguments {
  const { values, positionals } = readArguments('rules', args, OPTIONS)
  const [word, ...words] = positionals
  if (word === undefined)
    throw wrong('what is to be done?', `There are: ${ACTIONS.join(', ')}. See: reboots help rules`)
  const action = actionNamed(word)
  const shape = SHAPES[action]
  if (words.length < shape.least || words.length > shape.most) {
    const message = words.length < shape.least ? 'a word is missing' : `"${words.at(-1)}" is too much`
    throw wrong(message, `It is: reboots rules ${action} ${shape.words}`.trimEnd())
  }
  refuseForeign(args, action)
  return { action, words, values }
}

export function wrong(message: string, remedy = 'See: reboots help rules'): OperatorError {
  return new OperatorError(message, remedy)
}

function actionNamed(word: string): Action {
  const action = ACTIONS.find((one) => one === word)
  if (action !== undefined) return action
  throw wrong(`there is no "reboots rules ${word}"${didYouMean(word, ACTIONS)}`, `There are: ${ACTIONS.join(', ')}.`)
}

/** An option that means nothing here is a mistake, not to be passed over in silence. */
function refuseForeign(args: readonly string[], action: Action): void {
  const heeded: readonly string[] = ['json', ...SHAPES[action].options]
  const given = args.flatMap((arg) => /^--([a-z-]+)/.exec(arg)?.[1] ?? [])
  const foreign = given.find((name) => !heeded.includes(name))
  if (foreign === undefined) return
  throw wrong(`--${foreign} is not for "rules ${action}"`, `It takes: ${heeded.map((name) => `--${name}`).join(' ')}`)
}

/** Who does it, if the command line does not say. */
export function whoeverThisIs(): string {
  return `${userInfo().username}@${hostname()}`
}

/** Whole numbers from `least` to `most`. */
export function numberIn(option: string, value: string, least: number, most: number): number {
  const number = Number(value)
  if (/^\d+$/.test(value) && number >= least && number <= most) return number
  throw wrong(`--${option} must be a number from ${least} to ${most}, not "${value}"`)
}
