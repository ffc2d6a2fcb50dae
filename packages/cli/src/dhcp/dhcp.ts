import { resolve } from 'node:path'
import { OperatorError, type Examination } from '@reboots/runtime'
import { readArguments, type Command } from '../command.ts'
import { ROOT } from '../repository.ts'
import { runQuietly, type Finished } from '../run.ts'
import { apply, show } from './live.ts'
import { withHardware } from './with-hardware.ts'

const OPTIONS = {
  hardware: { type: 'string', multiple: true },
  machines: { type: 'boolean' },
  replaces: { type: 'string', default: '' },
  address: { type: 'string', default: '127.0.0.1:42117' },
} as const

export const dhcp: Command = {
  name: 'dhcp',
  summary: 'the configuration of dhcp: check one without starting it, show or change that of a running service',
  usage: `reboots dhcp check [FILE] [--hardware FILE] [--machines]
reboots dhcp show
reboots dhcp apply FILE [--replaces VERSION]

check   says every error with its line and column, what is allowed but most likely not meant, and what the configuration comes to. Interfaces
        are those of this machine. Nothing is started or changed. Without FILE: REBOOTS_CONFIG, else the environment alone
          --hardware FILE   look at the reservations of these machine records too: a file or a directory; may be given several times
          --machines        look at those of the hardware service that runs, at control.hardware
show    prints the configuration in force
apply   has the service check FILE, write it to its own file and put it in force, as a whole or not at all
          --replaces VERSION   only if that version is in force (reboots_config_info, or the log)

--address HOST:PORT   where the running service is (dhcp.api.listen); 127.0.0.1:42117

Exit 0: all is well. 1: check has warnings; show: the file is refused as it is now; apply: refused. 2: errors, or no service answers.`,
  async run(args) {
    const { values, positionals } = readArguments('dhcp', args, OPTIONS)
    const [action, file, ...more] = positionals
    if (more.length > 0) throw new OperatorError(`"${more[0]}" is one file too many`, HELP)
    if (action === 'check') return check(file, values.hardware ?? [], values.machines ?? false)
    if (action === 'show') return show(values.address)
    if (action !== 'apply') throw new OperatorError('what is to be done: check, show, or apply?', HELP)
    if (file === undefined) throw new OperatorError('which file is to be applied?', HELP)
    return apply(file, values.replaces, values.address)
  },
}

const HELP = 'See: reboots help dhcp'

async function check(file: string | undefined, hardware: readonly string[], machines: boolean): Promise<number> {
  const env = file === undefined ? {} : { REBOOTS_CONFIG: resolve(file) }
  if (hardware.length === 0) return report(await examination(env, machines))
  return withHardware(hardware, async (address) =>
    report(await examination({ ...env, REBOOTS_CONTROL_HARDWARE: address }, true)),
  )
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
