import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Instant } from '@reboots/protocol/net'
import type { Draft, EntryHead, VersionStore } from '../ports.ts'

export const draft = (version: string, document = `document ${version}`): Draft => ({
  version,
  at: 1_769_848_200_000 as Instant,
  by: 'anna',
  why: 'häufig "quoted"\n',
  origin: 'apply',
  rules: 3,
  tests: 4,
  document,
  signature: new Uint8Array([0, 255, 10]),
})

const shown = (heads: readonly EntryHead[]) => heads.map(({ revision, version }) => `${revision} ${version}`)

/** What every store promises; `open` gives one that is empty and keeps 3 entries. */
export function storeContract(name: string, open: () => Promise<VersionStore>): void {
  void test(`${name}: what is appended is found again, the latest first, and the oldest is forgotten`, async () => {
    const store = await open()
    assert.deepEqual(await store.heads(), [])
    for (const version of ['a', 'b', 'a', 'c']) await store.append(draft(version), '*', 0)
    const heads = await store.heads()
    assert.deepEqual(shown(heads), ['4 c', '3 a', '2 b'])
    const { document, signature, ...head } = draft('a')
    assert.deepEqual({ ...heads[1]! }, { ...heads[1]!, ...head, revision: 3 })
    assert.deepEqual({ ...(await store.get(3)) }, { ...head, document, signature, revision: 3 })
    assert.equal(await store.get(1), undefined)
    assert.equal(await store.get(5), undefined)
    await store.close()
  })

  void test(`${name}: nothing is appended when another version is in force than expected`, async () => {
    const store = await open()
    assert.equal(await store.append(draft('a'), 'x', 0), undefined)
    const first = await store.append(draft('a'), '*', 6)
    assert.equal(first?.revision, 7)
    assert.equal(await store.append(draft('b'), 'b', 0), undefined)
    assert.equal((await store.append(draft('b'), 'a', 0))?.revision, 8)
    assert.deepEqual(shown(await store.heads()), ['8 b', '7 a'])
    await store.close()
  })

  void test(`${name}: an entry is put back where there is none as late, and nowhere else`, async () => {
    const store = await open()
    const entry = { ...draft('a'), revision: 9 }
    await store.restore(entry)
    await store.restore({ ...entry, version: 'b', revision: 9 })
    await store.restore({ ...entry, version: 'b', revision: 8 })
    assert.deepEqual(shown(await store.heads()), ['9 a'])
    assert.deepEqual({ ...(await store.get(9)) }, { ...entry })
    await store.close()
  })
}
