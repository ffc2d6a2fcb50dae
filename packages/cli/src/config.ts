import { OperatorError, type ConfigRow } from '@reboots/runtime'
import { readOptions, type Command } from './command.ts'
import { runQuietly } from './run.ts'
import { ROOT } from './repository.ts'
import { SERVICES } from './up/services.ts'

export const config: Command = {
  name: 'config',
  summary: 'every setting: its key, its environment variable, its default',
  usage: `reboots config

Prints the settings of all services: one YAML file holds those of all of them (reboots up --config FILE, or REBOOTS_CONFIG), and
every one can be set by its environment variable, which wins.`,
  async run(args) {
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
