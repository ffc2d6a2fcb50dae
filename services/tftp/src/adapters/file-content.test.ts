import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ChunkCache } from './chunk-cache.ts'
import { CHUNK, FileContent } from './file-content.ts'
import type { SharedFile } from './shared-files.ts'

/** A file in memory that counts how often it is read. */
class CountedFile implements SharedFile {
  readonly key = 'file'
  readonly size: number
  readonly octets: Uint8Array
  reads = 0
  broken = false

  constructor(size: number) {
    this.size = size
    this.octets = Uint8Array.from({ length: size }, (_, index) => (index * 7 + (index >>> 8)) & 0xff)
  }

  async read(at: number, length: number): Promise<Uint8Array> {
    this.reads++
    if (this.broken) throw new Error('changed')
    return this.octets.slice(at, at + length)
  }

  leave(): void {}
}

async function read(content: FileContent, offset: number, length: number): Promise<Uint8Array> {
  for (;;) {
    const octets = content.read(offset, length)
    if (octets !== undefined) return octets
    await content.load()
  }
}

test('any range of a file is what the file has there, whatever the cache holds', async () => {
  const file = new CountedFile(3 * CHUNK + 100)
  const caches = [new ChunkCache(10 * CHUNK), new ChunkCache(CHUNK), new ChunkCache(1)]
  const offset = fc.oneof(
    fc.nat(file.size + 10),
    fc.constantFrom(0, CHUNK - 1, CHUNK, 2 * CHUNK - 700, 3 * CHUNK, file.size),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...caches),
      fc.array(fc.tuple(offset, fc.integer({ min: 8, max: 65464 }))),
      async (cache, ranges) => {
        const content = new FileContent(file, cache)
        for (const [at, length] of ranges) {
          const expected = file.octets.subarray(at, at + length)
          assert.ok(Buffer.from(expected).equals(await read(content, at, length)))
        }
        assert.ok(cache.size <= 10 * CHUNK)
      },
    ),
  )
})

test('many transfers of a file at a time read it once', async () => {
  const file = new CountedFile(5 * CHUNK)
  const cache = new ChunkCache(10 * CHUNK)
  const fetchAll = async (): Promise<void> => {
    const content = new FileContent(file, cache)
    for (let at = 0; at < file.size; at += 1468) await read(content, at, 1468)
  }
  await Promise.all(Array.from({ length: 200 }, fetchAll))
  assert.equal(file.reads, 5)
  await fetchAll()
  assert.equal(file.reads, 5)
})

test('the cache keeps to its limit, and what was used last', async () => {
  const cache = new ChunkCache(300)
  const load = (value: number) => async (): Promise<Uint8Array> => new Uint8Array(100).fill(value)
  for (const value of [1, 2, 3]) await cache.fetch(`${value}`, load(value))
  cache.get('1')
  await cache.fetch('4', load(4))
  assert.deepEqual(
    ['1', '2', '3', '4'].map((key) => cache.get(key)?.[0]),
    [1, undefined, 3, 4],
  )
  assert.equal(cache.size, 300)
})

test('a file that cannot be read is not remembered as such', async () => {
  const file = new CountedFile(10)
  const content = new FileContent(file, new ChunkCache(CHUNK))
  file.broken = true
  assert.equal(content.read(0, 10), undefined)
  await assert.rejects(content.load())
  file.broken = false
  await content.load()
  assert.deepEqual(content.read(0, 10), file.octets)
})
