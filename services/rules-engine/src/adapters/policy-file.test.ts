import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { policyFile } from './policy-file.ts'

function temporary(context: TestContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'reboots-policy-'))
  context.after(() => rmSync(directory, { recursive: true }))
  return directory
}

/** Ways a policy file is replaced in real life. Each gets a directory that holds `policy.yaml` with the text `one`. */
const REPLACEMENTS: Readonly<Record<string, (directory: string) => void>> = {
  'written over': (directory) => writeFileSync(path.join(directory, 'policy.yaml'), 'two'),
  'renamed over, as editors do': (directory) => {
    writeFileSync(path.join(directory, '.policy.yaml.swp'), 'two')
    renameSync(path.join(directory, '.policy.yaml.swp'), path.join(directory, 'policy.yaml'))
  },
  'removed and made again': (directory) => {
    rmSync(path.join(directory, 'policy.yaml'))
    writeFileSync(path.join(directory, 'policy.yaml'), 'two')
  },
}

for (const [how, replace] of Object.entries(REPLACEMENTS)) {
  test(`a policy file is read again when it is ${how}`, async (context) => {
    const directory = temporary(context)
    writeFileSync(path.join(directory, 'policy.yaml'), 'one')
    const file = policyFile(path.join(directory, 'policy.yaml'))
    context.after(() => file.close())
    assert.equal((await file.read()).document, 'one')
    const events = new EventEmitter()
    file.watch(() => events.emit('changed'))
    replace(directory)
    await once(events, 'changed')
    assert.equal((await file.read()).document, 'two')
    // And once more: the watch has not gone deaf.
    writeFileSync(path.join(directory, 'policy.yaml'), 'three')
    await once(events, 'changed')
    assert.equal((await file.read()).document, 'three')
  })
}

test('a policy file is read again when Kubernetes swaps its ConfigMap', async (context) => {
  const directory = temporary(context)
  const version = (name: string, text: string): void => {
    mkdirSync(path.join(directory, name))
    writeFileSync(path.join(directory, name, 'policy.yaml'), text)
    symlinkSync(name, path.join(directory, '..data_tmp'))
    renameSync(path.join(directory, '..data_tmp'), path.join(directory, '..data'))
  }
  version('..2026_01', 'one')
  symlinkSync('..data/policy.yaml', path.join(directory, 'policy.yaml'))
  const file = policyFile(path.join(directory, 'policy.yaml'))
  context.after(() => file.close())
  const events = new EventEmitter()
  file.watch(() => events.emit('changed'))
  version('..2026_02', 'two')
  await once(events, 'changed')
  assert.equal((await file.read()).document, 'two')
})

test('what cannot be a policy is not read', async (context) => {
  const directory = temporary(context)
  const large = path.join(directory, 'large.yaml')
  writeFileSync(large, '')
  truncateSync(large, 1_000_000_000)
  await assert.rejects(policyFile(large).read(), /more than any policy may have/)
  await assert.rejects(policyFile(path.join(directory, 'none.yaml')).read(), /ENOENT/)
  await assert.rejects(policyFile(directory).read(), /EISDIR/)
})
