import { readOptions, type Command } from './command.ts'
import { runThrough } from './run.ts'
import { BIN, ROOT } from './repository.ts'

export const regenerate: Command = {
  name: 'regenerate',
  summary: 'writes the gRPC code anew from packages/api/proto',
  usage: `reboots regenerate

Runs buf and ts-proto over packages/api/proto and writes packages/api/src/gen. Commit what it writes: check compares.`,
  async run(args) {
    readOptions('regenerate', args, {})
    return runThrough(`${BIN}/buf`, ['generate'], { cwd: `${ROOT}/packages/api` })
  },
}
