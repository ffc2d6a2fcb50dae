import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Instant } from '@reboots/protocol/net'
import { DEFAULT_POLICY } from '@reboots/rules'
import { ConfigError, createLog, OperatorError } from '@reboots/runtime'
import { requireTools } from '@reboots/testkit'
import { defaultPolicy } from './adapters/default-policy.ts'
import { policyFile } from './adapters/policy-file.ts'
import { openPolicies } from './open-policies.ts'
import type { Policies } from './policies.ts'
import type { PolicySource, VersionStore } from './ports.ts'
import { versionOf } from './publisher.ts'
import { Refusal } from './refusal.ts'
import { memoryStore } from './stores/memory-store.ts'
import { sqliteStore } from './stores/sqlite-store.ts'
import { readPublicKeys, readSignature, TRUST_ALL, trustKeys, type Trust } from './trust.ts'

const log = createLog('test', { level: 'silent', format: 'json' })
const NONE = new Uint8Array()
const BY = { by: 'anna', why: 'because' }
const policyThat = (otherwise: string): string =>
  `apiVersion: reboots/v1\nkind: BootPolicy\nrules: []\notherwise: ${otherwise}\n`
const [A, B, C] = ['local-disk', 'ignore', '{ deny: c }'].map(policyThat) as [string, string, string]
const BAD = policyThat('{ boot: nothing }')

function directoryFor(context: TestContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'reboots-policies-'))
  context.after(() => rmSync(directory, { recursive: true }))
  return directory
}

interface Setting {
  readonly source?: PolicySource
  readonly store?: VersionStore
  readonly trust?: Trust
}

function open({ source = defaultPolicy, store = memoryStore(10), trust = TRUST_ALL }: Setting): Promise<Policies> {
  return openPolicies({ source, store, trust, now: () => 0 as Instant, log }, () => {})
}

const apply = (policies: Policies, document: string, replaces = '*', signature: Uint8Array = NONE) =>
  policies.apply({ document, signature }, 'new.yaml', { ...BY, replaces })

const refusal =
  (kind: string, says: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof Refusal, String(error))
    assert.equal(error.kind, kind)
    assert.match(error.message, says)
    return true
  }

const history = async (policies: Policies): Promise<string[]> =>
  (await policies.heads()).map(({ revision, version, origin, by }) => `#${revision} ${version} ${origin} ${by}`)

test('what is applied is published, remembered with who and why, and gone back from', async () => {
  const policies = await open({})
  const seen: string[] = []
  policies.subscribe(({ revision, version }) => seen.push(`${revision} ${version}`))
  await apply(policies, A)
  await apply(policies, B, versionOf(A))
  const again = await apply(policies, B)
  assert.deepEqual([again.unchanged, again.entry.revision], [true, 3])
  const back = await policies.rollback('', { ...BY, replaces: versionOf(B) })
  assert.deepEqual([back.entry.version, back.entry.why], [versionOf(A), 'because'])
  await policies.rollback(versionOf(DEFAULT_POLICY).slice(0, 5), { ...BY, replaces: '*' })
  await policies.rollback('#3', { ...BY, replaces: '*' })
  const versions = [DEFAULT_POLICY, A, B, A, DEFAULT_POLICY, B].map(versionOf)
  assert.deepEqual(
    seen,
    versions.map((version, i) => `${i + 1} ${version}`),
  )
  const origins = ['shipped rules-engine', 'apply anna', 'apply anna', ...Array<string>(3).fill('rollback anna')]
  const due = versions.map((version, i) => `#${i + 1} ${version} ${origins[i]}`)
  assert.deepEqual(await history(policies), due.toReversed())
})

test('two who change at once do not overwrite one another: the second is told who was faster', async () => {
  const policies = await open({})
  const { version } = policies.current
  const both = await Promise.allSettled([apply(policies, A, version), apply(policies, B, version)])
  assert.deepEqual(
    both.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
  assert.equal(policies.current.document, A)
  const says = new RegExp(`version ${versionOf(A)} is in force \\(#2, by anna, 1970-.*\\), not ${version}`)
  await assert.rejects(apply(policies, B, version), refusal('conflict', says))
  await assert.rejects(apply(policies, B, ''), refusal('bad-request', /^replaces: /))
})

test('what is not accepted changes nothing, and every problem is said with its place', async () => {
  const policies = await open({})
  const says = /^new\.yaml:4:20 otherwise\.boot: there is no profile "nothing"$/
  await assert.rejects(apply(policies, BAD), refusal('not-accepted', says))
  assert.throws(() => policies.check({ document: BAD, signature: NONE }, 'new.yaml'), refusal('not-accepted', says))
  assert.equal(policies.current.document, DEFAULT_POLICY)
  assert.equal((await history(policies)).length, 1)
})

test('versions that are not there, or not clear, are not found', async () => {
  const policies = await open({})
  await assert.rejects(policies.rollback('', { ...BY, replaces: '*' }), refusal('not-found', /no other version/))
  const rows: readonly (readonly [string, RegExp])[] = [
    ['0123', /there is no version 0123; what is remembered goes back to #1/],
    ['#7', /there is no revision #7/],
    ['abc', /"abc" is no version/],
    ['latest', /"latest" is no version/],
  ]
  for (const [name, says] of rows) await assert.rejects(policies.version(name), refusal('not-found', says), name)
})

test('a restart finds what was applied last in force, and the history', async (context) => {
  const file = path.join(directoryFor(context), 'policies.sqlite')
  const store = sqliteStore(file, 10)
  await apply(await open({ store }), A)
  await store.close()
  const again = sqliteStore(file, 10)
  context.after(() => again.close())
  const policies = await open({ store: again })
  assert.equal(policies.current.document, A)
  assert.equal((await history(policies)).length, 2)
})

test('a file is written by whoever applies, and wins at a restart', async (context) => {
  const name = path.join(directoryFor(context), 'policy.yaml')
  writeFileSync(name, A)
  const store = memoryStore(10)
  const policies = await open({ source: policyFile(name), store })
  await apply(policies, B, versionOf(A))
  assert.equal(readFileSync(name, 'utf8'), B)
  assert.equal(await policies.reload(), 'unchanged')
  writeFileSync(name, C)
  assert.equal(await policies.reload(), 'published')
  await assert.rejects(apply(policies, A, versionOf(B)), refusal('conflict', /by rules-engine/))
  writeFileSync(name, A)
  const restarted = await open({ source: policyFile(name), store })
  assert.deepEqual(
    (await history(restarted)).map((line) => line.split(' ')[2]),
    ['file', 'file', 'apply', 'file'],
  )
  assert.equal(restarted.current.document, A)
})

test('a file that cannot be written is left to whoever owns it', async () => {
  const source: PolicySource = {
    ...defaultPolicy,
    name: '/etc/policy.yaml',
    write: () => Promise.reject(new ConfigError(['/etc/policy.yaml: cannot be written: EROFS'])),
  }
  const policies = await open({ source })
  const says = /comes from \/etc\/policy\.yaml, which cannot be written from here: .*EROFS/
  await assert.rejects(apply(policies, A), refusal('elsewhere', says))
  assert.equal(policies.current.document, DEFAULT_POLICY)
})

const spoilings: readonly (readonly [how: string, spoil: (name: string) => void])[] = [
  ['is not accepted', (name) => writeFileSync(name, BAD)],
  ['is gone', (name) => rmSync(name)],
]
for (const [how, spoil] of spoilings) {
  test(`a file that ${how} at a restart: the last good one stays in force if it is remembered`, async (context) => {
    const name = path.join(directoryFor(context), 'policy.yaml')
    writeFileSync(name, A)
    const store = memoryStore(10)
    await open({ source: policyFile(name), store })
    spoil(name)
    assert.equal((await open({ source: policyFile(name), store })).current.document, A)
    await assert.rejects(open({ source: policyFile(name) }), OperatorError)
  })
}

test('what is remembered and not accepted any more is passed over, and said when nothing is left', async () => {
  const store = memoryStore(10)
  await apply(await open({ store }), A)
  const entry = (await store.get(2))!
  await store.append({ ...entry, document: BAD, version: versionOf(BAD) }, '*', 0)
  assert.equal((await open({ store })).current.document, A)
  const hopeless = memoryStore(10)
  await hopeless.append({ ...entry, document: BAD }, '*', 0)
  await assert.rejects(open({ store: hopeless }), /no policy that memory remembers is accepted/)
})

const skip = requireTools({ commands: ['openssl'] })

test(
  'signatures as openssl makes them: only what a trusted key has signed comes into force',
  { skip },
  async (context) => {
    const directory = directoryFor(context)
    const at = (name: string): string => path.join(directory, name)
    const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory })
    for (const key of ['ours', 'theirs']) openssl('genpkey', '-algorithm', 'ed25519', '-out', `${key}.pem`)
    openssl('pkey', '-in', 'ours.pem', '-pubout', '-out', 'public.pem')
    const sign = (document: string, key = 'ours'): Uint8Array => {
      writeFileSync(at('document'), document)
      openssl('pkeyutl', '-sign', '-rawin', '-inkey', `${key}.pem`, '-in', 'document', '-out', 'signature')
      return readFileSync(at('signature'))
    }
    const base64 = (signature: Uint8Array): string => `${Buffer.from(signature).toString('base64')}\n`
    const trust = trustKeys(readPublicKeys([at('public.pem')]))
    const policies = await open({ trust })
    await apply(policies, A, '*', sign(A))
    assert.equal(policies.current.document, A)
    const rows: readonly (readonly [Uint8Array, RegExp])[] = [
      [NONE, /new\.yaml:1:1: is not signed/],
      [sign(B, 'theirs'), /is by none of the 1 trusted keys, or the document was changed/],
      [sign(A), /is by none of the 1 trusted keys/],
      [new Uint8Array(63), /has 63 octets/],
    ]
    for (const [signature, says] of rows)
      await assert.rejects(apply(policies, B, '*', signature), refusal('not-accepted', says))

    const name = at('policy.yaml')
    writeFileSync(name, C)
    writeFileSync(`${name}.sig`, base64(sign(C)))
    const source = policyFile(name)
    const fromFile = await open({ source, trust })
    await apply(fromFile, B, '*', readSignature(new TextEncoder().encode(base64(sign(B)))))
    assert.equal((await open({ source, trust })).current.document, B)
    rmSync(`${name}.sig`)
    await assert.rejects(open({ source, trust }), /not accepted/)
    writeFileSync(at('rsa.pem'), createPublicKey(openssl('genrsa', '2048')).export({ type: 'spki', format: 'pem' }))
    for (const file of ['rsa.pem', 'document', 'none'])
      assert.throws(() => readPublicKeys([at(file)]), /is no public key that policies can be signed with/)
  },
)
