import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { OperatorError, type Examination } from '@reboots/runtime'
import { optionProblem, type Command } from '../command.ts'
import { ROOT } from '../repository.ts'
import { runQuietly, type Finished } from '../run.ts'
import { withHardware } from './with-hardware.ts'

const OPTIONS = {
  hardware: { type: 'string', multiple: true },
  machines: { type: 'boolean' },
} as const

export const dhcp: Command = {
  name: 'dhcp',
  summary: 'reboots dhcp check FILE: what is wrong or odd in a configuration of dhcp, without starting it',
  usage: `reboots dhcp check [FILE] [options]

  FILE               the configuration; without it REBOOTS_CONFIG, else the environment alone
  --hardware FILE    look at the reservations of these machine records too: a file or a directory; may be given several times
  --machines         look at those of the hardware service that runs, at control.hardware

Says every error with its line and column, what is allowed but most likely not meant, and what the configuration comes to. Interfaces are those
of this machine. Nothing is started or changed.
Exit 0: nothing to say; 1: warnings; 2: errors, the service would not start.`,
  async run(args) {
    const { file, hardware = [], machines = false } = readArguments(args)
    const env = file === undefined ? {} : { REBOOTS_CONFIG: resolve(file) }
    if (hardware.length === 0) return report(await examination(env, machines))
    return withHardware(hardware, async (address) =>
      report(await examination({ ...env, REBOOTS_CONTROL_HARDWARE: address }, true)),
    )
  },
}

function readArguments(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: OPTIONS,
      strict: true,
      allowPositionals: true,
    })
    const [word, file, ...more] = positionals
    if (word === 'check' && more.length === 0) return { ...values, file }
    throw new Error(word === 'check' ? `"${more[0]}" is one file too many` : 'what is to be done: check?')
  } catch (error) {
    throw new OperatorError(optionProblem(error as Error, Object.keys(OPTIONS)), 'See: reboots help dhcp')
  }
}

/** The service knows its own configuration: its sources are its business. */
function examination(env: Readonly<Record<string, string>>, machines: boolean): Promise<Finished> {
  const main = `${ROOT}/services/dhcp/src/main.ts`
  return runQuietly(process.execPath, [main, '--examine', ...(machines ? ['--machines'] : [])], { env })
}

/** Prints what was found; gives the exit code. */
function report({ code, output }: Finished): number {
  if (code !== 0) {
    console.error(output.trimEnd())
    return code === 2 ? 2 : 70
  }
  const { warnings, summary } = JSON.parse(output) as Examination
  for (const warning of warnings) console.log(`warning: ${warning}`)
  if (warnings.length > 0) console.log()
  for (const line of summary) console.log(line)
  const odd = warnings.length === 1 ? ', with 1 warning' : `, with ${warnings.length} warnings`
  console.log(`the configuration is in order${warnings.length === 0 ? '' : odd}`)
  return warnings.length === 0 ? 0 : 1
}
