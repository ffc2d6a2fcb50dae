import { readOptions, type Command } from './command.ts'
import { runThrough } from './run.ts'
import { BIN, ROOT } from './repository.ts'

export const regenerate: Command = {
  name: 'regenerate',
  summary: 'writes anew what is made from other files: gRPC code, golden boot scripts',
  usage: `reboots regenerate

Runs buf and ts-proto over packages/api/proto and writes packages/api/src/gen, and writes what the policies of deploy come to, in
services/ipxe-http/src/golden. Read the difference and commit it: check compares.`,
  async run(args) {
    readOptions('regenerate', args, {})
    const generated = await runThrough(`${BIN}/buf`, ['generate'], { cwd: `${ROOT}/packages/api` })
    if (generated !== 0) return generated
    return runThrough(process.execPath, [`${ROOT}/services/ipxe-http/src/golden.fixture.ts`], { cwd: ROOT })
  },
}
