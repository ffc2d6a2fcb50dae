import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { DEFAULT_POLICY } from '@reboots/rules'
import { fakeHardware, freePort, machine, requireTools, Running, type FakeHardware } from '@reboots/testkit'
import { ROOT } from '../repository.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'reboots-rules-cli-'))
after(() => rmSync(directory, { recursive: true }))

const at = (name: string): string => path.join(directory, name)

const GOOD = `apiVersion: reboots/v1
kind: BootPolicy
profiles: { lab: { chain: 'http://192.0.2.1/lab.ipxe' } }
rules:
  - { name: rack, when: machine.labels.rack == "a12", then: { boot: lab } }
  - { name: arm, when: client.firmware == "uefi-arm64", then: local-disk }
otherwise: ignore
tests:
  - { name: rack a12, given: { machine: { labels: { rack: a12 } } }, expect: { boot: lab }, rule: rack }
  - { name: arm, given: { client: { arch: 11 } }, expect: local-disk }
  - { name: nobody, expect: ignore }
`
writeFileSync(at('good.yaml'), GOOD)
writeFileSync(at('failing.yaml'), GOOD.replace('arch: 11', 'arch: 7'))
writeFileSync(
  at('bad.yaml'),
  GOOD.replace('boot: lab }, rule', 'boot: lob }, rule').replace('client.firmware', 'client.firmwre'),
)
writeFileSync(at('untested.yaml'), GOOD.replace(/tests:[^]*/, ''))

/** What the command prints, with its exit code. */
function rules(...args: readonly string[]): Promise<{ code: unknown; output: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [`${ROOT}/packages/cli/src/main.ts`, 'rules', ...args],
      { cwd: directory },
      (error, stdout, stderr) => resolve({ code: error?.code ?? 0, output: `${stdout}${stderr}` }),
    )
  })
}

const local: readonly (readonly [args: string, code: number, says: RegExp])[] = [
  ['check good.yaml', 0, /^good\.yaml: accepted, 2 rules, 3 tests passed\n$/],
  ['check good.yaml failing.yaml', 1, /accepted[^]*failing\.yaml:10:\d+ tests\[1\]\.expect: /],
  ['check bad.yaml', 1, /bad\.yaml:6:\d+ rules\[1\]\.when: client has no field "firmwre"; did you mean "firmware"\?/],
  ['check untested.yaml', 0, /3 warnings, see: reboots rules lint untested\.yaml/],
  ['check none.yaml', 2, /none\.yaml cannot be read: ENOENT/],
  ['test good.yaml', 0, /^ok {3}rack a12\nok {3}arm\nok {3}nobody\ngood\.yaml: 3 tests passed\n$/],
  [
    'test failing.yaml',
    1,
    /FAIL failing\.yaml:10.* got ignore .*"arm": client\.firmware == "uefi-arm64" is false \(client\.firmware = "uefi-x64"\)/,
  ],
  ['lint good.yaml', 0, /nothing found/],
  ['lint untested.yaml', 1, /untested\.yaml:5:\d+ rules\[0\]\.?\w*: no test/],
  ['check good.yaml --json', 0, /^\{"file":"good\.yaml","accepted":true,.*"tests":3\}\n$/],
]
for (const [args, code, says] of local) {
  test(`rules ${args}: exit ${code}`, async () => {
    const ran = await rules(...args.split(' '))
    assert.match(ran.output, says)
    assert.equal(ran.code, code, ran.output)
  })
}

test('without a service it is said where one was looked for', async () => {
  const { code, output } = await rules('history', '--address', '127.0.0.1:1')
  assert.equal(code, 2)
  assert.match(output, /no rules-engine answers at 127\.0\.0\.1:1 \(.*ECONNREFUSED/)
})

describe('of a running rules-engine', () => {
  let hardware: FakeHardware
  let service: Running | undefined
  let address = ''
  const ask = (...args: readonly string[]) => rules(...args, '--address', address)

  before(async () => {
    hardware = await fakeHardware([machine({ id: 'm1', mac: '52:54:00:00:00:01', labels: { rack: 'a12' } })])
    address = `127.0.0.1:${await freePort()}`
    const config = at('reboots.yaml')
    const versions = '{ store: sqlite, file: policies.sqlite }'
    writeFileSync(
      config,
      `control: { hardware: '${hardware.address}' }\nrules: { listen: '${address}', versions: ${versions}, rest: { listen: off }, metrics: { listen: off } }\n`,
    )
    const args = [`${ROOT}/services/rules-engine/src/main.ts`]
    const started = (service = new Running('rules-engine', {
      command: process.execPath,
      args,
      env: { REBOOTS_CONFIG: config },
    }))
    await started.waitFor(/"synced"/, 60_000)
  })
  after(async () => {
    await service?.stop()
    await hardware.stop()
  })

  test(
    'what is in force is told from a file as patch takes it',
    { skip: requireTools({ commands: ['patch'] }) },
    async () => {
      const difference = await ask('diff', 'good.yaml')
      assert.equal(difference.code, 1)
      writeFileSync(at('default.yaml'), DEFAULT_POLICY)
      spawnSync('patch', ['-u', at('default.yaml')], { input: difference.output })
      assert.equal(readFileSync(at('default.yaml'), 'utf8'), GOOD)
    },
  )

  test('a policy is applied, explained, found in the history and gone back from', async () => {
    const refused = await ask('apply', 'bad.yaml')
    assert.match(refused.output, /^reboots rules apply: bad\.yaml:6:/)
    assert.equal(refused.code, 1)

    const applied = await ask('apply', 'good.yaml', '--by', 'anna', '--why', 'rack a12 is here')
    assert.match(applied.output, /in force: [0-9a-f]{12} \(#2\), instead of [0-9a-f]{12}\n/)
    const late = await ask('apply', 'untested.yaml', '--replaces', '000000000000')
    assert.match(late.output, /is in force \(#2, by anna, .*\), not 000000000000/)
    assert.equal(late.code, 1)

    const told = await ask('explain', '--mac', '52-54-00-00-00-01', '--arch', 'uefi-arm64')
    assert.match(
      told.output,
      /^boot lab, by rule "rack" of version [0-9a-f]{12}\n {2}yes {2}rack: machine\.labels\.rack == "a12"\n$/,
    )
    const other = await ask('explain', '--mac', '52-54-00-00-00-02', '--arch', '7', '--policy', 'failing.yaml')
    assert.match(other.output, /^reboots rules explain: failing\.yaml:10:\d+ tests\[1\]\.expect: test "arm" fails/)
    const unknown = await ask('explain', '--mac', '52-54-00-00-00-02', '--arch', '7')
    assert.match(
      unknown.output,
      /no {3}arm: client\.firmware == "uefi-arm64" is false \(client\.firmware = "uefi-x64"\)/,
    )

    writeFileSync(
      at('next.yaml'),
      GOOD.replace('lab.ipxe', 'lab2.ipxe')
        .replace('otherwise: ignore', 'otherwise: local-disk')
        .replace('expect: ignore', 'expect: local-disk'),
    )
    const impact = await ask('impact', 'next.yaml')
    assert.match(impact.output, /^2 of 2 machines would get something else/)
    assert.match(impact.output, /\n1 machine: boot lab -> boot lab, changed\n {2}m1\n/)
    assert.match(impact.output, /\n1 machine: ignore -> local-disk \(as \d+ ways to ask\)\n {2}\(no record\)\n/)
    assert.equal((await ask('impact', 'good.yaml')).code, 0)

    const tried = await ask('shadow', 'next.yaml', '--by', 'anna')
    assert.match(tried.output, /^[0-9a-f]{12} is tried out; see: reboots rules shadow\n$/)
    const nothingYet =
      /^[0-9a-f]{12} is tried out by anna since .*Z, beside [0-9a-f]{12}\n0 decisions; 0 machines would have got something else\n$/
    assert.match((await ask('shadow')).output, nothingYet)
    assert.equal((await ask('shadow', '--stop')).code, 0)
    assert.match((await ask('shadow')).output, /^reboots rules shadow: no policy is tried out\n$/)

    const back = await ask('rollback', '--json', '--by', 'ben')
    assert.equal((JSON.parse(back.output) as { revision: number }).revision, 3)
    const { output } = await ask('history')
    assert.match(output, /^REVISION[^]*#3 .* ben +rollback[^]*#2 .* anna +apply +rack a12 is here\n#1 .* shipped/)
    assert.equal((await ask('show', '#2')).output, GOOD)
    assert.equal((await ask('diff', '#1')).code, 0)
  })
})
