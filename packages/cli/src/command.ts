import { OperatorError } from '@reboots/runtime'
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { didYouMean } from '@reboots/runtime'

export interface Command {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** The whole help text. */
  readonly usage: string
  /** Gives the exit code. */
  run(args: readonly string[]): Promise<number>
}

type Options = NonNullable<ParseArgsConfig['options']>

/** Options as node:util reads them, with errors an operator understands. Nothing but options is allowed. */
export function readOptions<O extends Options>(command: string, args: readonly string[], options: O) {
  return read(command, args, options, false).values
}

/** The same, with words between the options. */
export function readArguments<O extends Options>(command: string, args: readonly string[], options: O) {
  return read(command, args, options, true)
}

function read<O extends Options>(command: string, args: readonly string[], options: O, allowPositionals: boolean) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals })
  } catch (error) {
    throw new OperatorError(problemOf(error as Error, Object.keys(options)), `See: reboots help ${command}`)
  }
}

function problemOf({ message }: Error, known: readonly string[]): string {
  const option = /Unknown option '(--?[^']+)'/.exec(message)?.[1]
  if (option !== undefined)
    return `there is no option ${option}${didYouMean(
      option,
      known.map((name) => `--${name}`),
    )}`
  const word = /Unexpected argument '([^']+)'/.exec(message)?.[1]
  return word === undefined ? (message.split('\n')[0] ?? message) : `"${word}" is not an option`
}
