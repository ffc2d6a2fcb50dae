import type { LoadableContent } from '../ports.ts'
import type { ChunkCache } from './chunk-cache.ts'
import type { SharedFile } from './shared-files.ts'

/** Octets read from disk at a time; a block of any size lies in two chunks at most. */
export const CHUNK = 64 * 1024

/**
 * The content of one transfer: chunks from the cache, and those in use held besides, so that a full cache cannot take them away
 * between `load` and `read`.
 */
export class FileContent implements LoadableContent {
  readonly #file: SharedFile
  readonly #cache: ChunkCache
  #held = new Map<number, Uint8Array>()
  #missed: readonly number[] = [0]

  constructor(file: SharedFile, cache: ChunkCache) {
    this.#file = file
    this.#cache = cache
  }

  read(offset: number, length: number): Uint8Array | undefined {
    const end = Math.min(offset + length, this.#file.size)
    if (offset >= end) return new Uint8Array(0)
    const first = Math.floor(offset / CHUNK)
    const last = Math.floor((end - 1) / CHUNK)
    const head = this.#chunk(first)
    const tail = first === last ? head : this.#chunk(last)
    if (head === undefined || tail === undefined) {
      this.#missed = [first, last]
      return undefined
    }
    this.#ahead(last + 1)
    const from = offset - first * CHUNK
    if (first === last) return head.subarray(from, from + end - offset)
    const block = new Uint8Array(end - offset)
    block.set(head.subarray(from))
    block.set(tail.subarray(0, end - last * CHUNK), head.length - from)
    return block
  }

  async load(): Promise<void> {
    const wanted = [...new Set(this.#missed)]
    const chunks = await Promise.all(wanted.map((index) => this.#fetch(index)))
    this.#held = new Map(wanted.map((index, at) => [index, chunks[at]!]))
  }

  #chunk(index: number): Uint8Array | undefined {
    return this.#held.get(index) ?? this.#cache.get(`${this.#file.key}/${index}`)
  }

  /** The next chunk is on its way while this one is being sent; if that fails, `load` will say so. */
  #ahead(index: number): void {
    if (index * CHUNK >= this.#file.size || this.#chunk(index) !== undefined) return
    this.#fetch(index).catch(() => {})
  }

  #fetch(index: number): Promise<Uint8Array> {
    const at = index * CHUNK
    const length = Math.max(0, Math.min(CHUNK, this.#file.size - at))
    return this.#cache.fetch(`${this.#file.key}/${index}`, () => this.#file.read(at, length))
  }
}
