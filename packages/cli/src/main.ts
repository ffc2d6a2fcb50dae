import { CONFIG_REFUSED, ConfigError, didYouMean, formatRefusal, OperatorError } from '@reboots/runtime'
import type { Command } from './command.ts'
import { boots } from './boots/boots.ts'
import { byoDhcp } from './byo-dhcp/byo-dhcp.ts'
import { check } from './check.ts'
import { config } from './config.ts'
import { demo } from './demo.ts'
import { dhcp } from './dhcp/dhcp.ts'
import { leases } from './leases/leases.ts'
import { regenerate } from './regenerate.ts'
import { rules } from './rules/rules.ts'
import { test } from './test.ts'
import { up } from './up/up.ts'

const COMMANDS: readonly Command[] = [up, demo, dhcp, leases, rules, boots, byoDhcp, check, test, config, regenerate]
const HELP_WORDS: ReadonlySet<string> = new Set(['help', '--help', '-h'])

function commandNamed(name: string): Command {
  const command = COMMANDS.find((one) => one.name === name)
  if (command !== undefined) return command
  const names = [...COMMANDS.map((one) => one.name), 'help']
  throw new OperatorError(`there is no command "${name}"${didYouMean(name, names)}`, 'See: reboots help')
}

/** The list of commands, or the whole text of one. */
function help(name?: string): string {
  if (name !== undefined) return commandNamed(name).usage
  const rows = COMMANDS.map((one) => `  ${one.name.padEnd(12)}${one.summary}`)
  return `Reboots boots machines over the network.\n\nreboots <command> [options]\n\n${rows.join('\n')}\n  help         what a command does: reboots help <command>`
}

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || HELP_WORDS.has(name)) {
    console.log(help(args[0]))
    return 0
  }
  const command = commandNamed(name)
  if (args.includes('--help') || args.includes('-h')) {
    console.log(command.usage)
    return 0
  }
  return command.run(args)
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.exitCode = 2
  if (error instanceof OperatorError) console.error(formatRefusal('reboots', error.message, error.remedy))
  else if (error instanceof ConfigError) {
    console.error(formatRefusal('reboots', CONFIG_REFUSED, error.problems.join('\n')))
  } else throw error
}
// The channel to the process that started this one, and nothing else, may be left open.
process.channel?.unref()
