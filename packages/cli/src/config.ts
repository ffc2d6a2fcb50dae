import { resolve } from 'node:path'
import { OperatorError, type ConfigRow } from '@reboots/runtime'
import { readOptions, type Command } from './command.ts'
import { runQuietly } from './run.ts'
import { ROOT } from './repository.ts'
import { SERVICES } from './up/services.ts'

export const config: Command = {
  name: 'config',
  summary:
    'every setting: its key, its environment variable, its default; reboots config check FILE: what is wrong with yours',
  usage: `reboots config
reboots config check [FILE]

Prints the settings of all services: one YAML file holds those of all of them (reboots up --config FILE, or REBOOTS_CONFIG), and
every one can be set by its environment variable, which wins.

check   has every service say what is wrong with FILE (without it REBOOTS_CONFIG, else the environment), each problem once; nothing is started.
        Of dhcp, reboots dhcp check says more. Exit 0: nothing is wrong; 2: something is`,
  async run(args) {
    if (args[0] === 'check') return check(args.slice(1))
    readOptions('config', args, {})
    const described = await Promise.all(SERVICES.map((service) => describe(service)))
    const rows = new Map(described.flat().map((row) => [row.key, row]))
    for (const [section, keys] of Map.groupBy(rows.values(), (row) => row.key.split('.')[0]!)) {
      console.log(`${section}:`)
      for (const row of keys) console.log(rowText(row))
    }
    return 0
  },
}

async function check(files: readonly string[]): Promise<number> {
  const [file, ...more] = files
  if (more.length > 0) throw new OperatorError(`"${more[0]}" is one file too many`, 'See: reboots help config')
  const env = file === undefined ? {} : { REBOOTS_CONFIG: resolve(file) }
  const checked = await Promise.all(SERVICES.map((service) => checkService(service, env)))
  const problems = new Set(checked.flat())
  for (const problem of problems) console.error(problem)
  if (problems.size === 0) console.log(`the configuration is in order for ${SERVICES.join(', ')}`)
  return problems.size === 0 ? 0 : 2
}

/** The problems that a service finds; of sections that several read, each finds the same. */
async function checkService(service: string, env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const main = `${ROOT}/services/${service}/src/main.ts`
  const { code, output } = await runQuietly(process.execPath, [main, '--check'], { env })
  if (code === 0) return []
  const [title, ...problems] = output.trimEnd().split('\n')
  return code === 2 && problems.length > 0 ? problems.map((line) => line.trim()) : [`${service}: ${title}`, ...problems]
}

/** A service describes its own configuration when it is asked to: its sources are its business. */
async function describe(service: string): Promise<readonly ConfigRow[]> {
  const main = `${ROOT}/services/${service}/src/main.ts`
  const { code, output } = await runQuietly(process.execPath, [main, '--describe-config'])
  if (code !== 0) throw new OperatorError(`${service} cannot describe its configuration`, output)
  return JSON.parse(output) as readonly ConfigRow[]
}

function rowText({ key, env, default: value, description }: ConfigRow): string {
  const name = key.split('.').slice(1).join('.')
  const shown = value === 'required' ? '(required)' : value === '' ? '(none)' : value
  return `  ${name}: ${shown}\n      ${env}\n      ${description}`
}
