import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { parsePolicy } from '@reboots/rules'
import { parse } from 'yaml'
import { projectFiles, read, ROOT } from './tree.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'reboots-samples-'))
after(() => rmSync(directory, { recursive: true }))

/** Which service reads a section of the configuration file; the shared ones are read by each of them. */
const READERS: Readonly<Record<string, string>> = {
  hardware: 'hardware',
  rules: 'rules-engine',
  dhcp: 'dhcp',
  proxydhcp: 'proxydhcp',
  tftp: 'tftp',
  http: 'ipxe-http',
  log: 'proxydhcp',
  links: 'proxydhcp',
  control: 'proxydhcp',
  boot: 'proxydhcp',
}

interface Sample {
  readonly name: string
  readonly text: string
}

const SAMPLES: readonly Sample[] = projectFiles()
  .filter((file) => file.endsWith('README.md'))
  .flatMap((file) =>
    [...read(file).matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map((match, index) => ({
      name: `${file} #${index + 1}`,
      text: match[1]!,
    })),
  )

const isPolicy = ({ text }: Sample): boolean => /^kind: BootPolicy/m.test(text)
const sectionsOf = ({ text }: Sample): string[] => {
  const document: unknown = text.includes('\n---') ? undefined : parse(text)
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return []
  const keys = Object.keys(document)
  return keys.length > 0 && keys.every((key) => key in READERS) ? keys : []
}

const POLICIES = SAMPLES.filter(isPolicy)
const CONFIGURATIONS = SAMPLES.filter((sample) => sectionsOf(sample).length > 0)

test('there are samples of both kinds', () => {
  assert.ok(POLICIES.length >= 2)
  assert.ok(CONFIGURATIONS.length >= 6)
})

for (const sample of POLICIES) {
  test(`policy in ${sample.name} is accepted`, () => {
    assert.doesNotThrow(() => parsePolicy(sample.text, sample.name))
  })
}

/** The service with this configuration and no other; Node may find again what it has compiled before. */
function checked(service: string, file: string) {
  const env = { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'], REBOOTS_CONFIG: file }
  const main = path.join(ROOT, 'services', service, 'src', 'main.ts')
  return spawnSync(process.execPath, [main, '--check'], { env, encoding: 'utf8', timeout: 30_000 })
}

for (const [index, sample] of CONFIGURATIONS.entries()) {
  const services = [...new Set(sectionsOf(sample).map((section) => READERS[section]!))]
  for (const service of services) {
    test(`configuration in ${sample.name} is accepted by ${service}`, () => {
      const file = path.join(directory, `${index}.yaml`)
      writeFileSync(file, sample.text)
      const result = checked(service, file)
      assert.equal(result.status, 0, result.stdout + result.stderr)
      assert.match(result.stdout, /in order/)
    })
  }
}

test('a sample with a misspelt key would be caught', () => {
  const file = path.join(directory, 'bad.yaml')
  writeFileSync(file, 'http:\n  fils: [/srv]\n')
  const result = checked('ipxe-http', file)
  assert.equal(result.status, 2)
  assert.match(result.stderr, /bad\.yaml:2:3 http\.fils: unknown key, did you mean "files"\?/)
})
