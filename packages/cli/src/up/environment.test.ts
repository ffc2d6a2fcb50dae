import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { loadConfig } from '@reboots/runtime'
import { z } from 'zod'
import { EXAMPLE_MACHINES, machineFiles, serviceEnvironment } from './environment.ts'
import { upOptions } from './options.ts'

const directory = mkdtempSync(join(tmpdir(), 'reboots-up-'))
after(() => rmSync(directory, { recursive: true }))

function file(name: string, text: string): string {
  writeFileSync(join(directory, name), text)
  return join(directory, name)
}

const CONFIGURED: readonly [string, string, string | undefined][] = [
  ['files', 'hardware: { files: [a.yaml, b.json] }', 'a.yaml, b.json'],
  ['text where a list has to be, which the hardware service refuses', 'hardware: { files: a.yaml }', '"a.yaml"'],
  ['no files', 'hardware: { files: [] }', undefined],
  ['another section', 'log: { level: info }', undefined],
  ['nothing', '', undefined],
]
for (const [name, text, shown] of CONFIGURED) {
  test(`a configuration with ${name}: the example is served only when nothing is said`, () => {
    const options = upOptions(['--config', file('reboots.yaml', text)])
    const example = { set: EXAMPLE_MACHINES, shown: EXAMPLE_MACHINES, isExample: true }
    assert.deepEqual(
      machineFiles(options, {}),
      shown === undefined ? example : { set: undefined, shown, isExample: false },
    )
  })
}

for (const name of ['machines.yaml', 'rack 1, row 2.yaml', ' [a].yaml']) {
  test(`--hardware ${JSON.stringify(name)} comes to the hardware service as it is`, () => {
    const path = file(name, '')
    const env = serviceEnvironment(upOptions(['--hardware', path]), {})
    const shape = z.object({ hardware: z.object({ files: z.array(z.string()) }) })
    assert.deepEqual(loadConfig(shape, { env }).config.hardware.files, [path])
  })
}

for (const [args, port67] of [
  [['--no-bind'], 'capture'],
  [[], undefined],
] as const) {
  test(`with ${args.join(' ') || 'nothing'} proxydhcp hears: ${port67}`, () => {
    assert.equal(serviceEnvironment(upOptions(args), {})['REBOOTS_PROXYDHCP_PORT67'], port67)
  })
}
