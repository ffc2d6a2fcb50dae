/** Pieces of files in memory, the least recently used given up when there are too many octets. */
export class ChunkCache {
  readonly #limit: number
  /** In the order of use, the oldest first. */
  readonly #chunks = new Map<string, Uint8Array>()
  readonly #loading = new Map<string, Promise<Uint8Array>>()
  #size = 0

  /** `limit` in octets. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Octets held. */
  get size(): number {
    return this.#size
  }

  get(key: string): Uint8Array | undefined {
    const chunk = this.#chunks.get(key)
    if (chunk === undefined) return undefined
    this.#chunks.delete(key)
    this.#chunks.set(key, chunk)
    return chunk
  }

  /** The chunk, loaded if need be, and only once for all who ask meanwhile. */
  async fetch(key: string, load: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const held = this.get(key) ?? this.#loading.get(key)
    if (held !== undefined) return held
    const loading = load()
    this.#loading.set(key, loading)
    try {
      const chunk = await loading
      this.#put(key, chunk)
      return chunk
    } finally {
      this.#loading.delete(key)
    }
  }

  #put(key: string, chunk: Uint8Array): void {
    this.#chunks.set(key, chunk)
    this.#size += chunk.length
    for (const [oldest, { length }] of this.#chunks) {
      if (this.#size <= this.#limit) return
      this.#chunks.delete(oldest)
      this.#size -= length
    }
  }
}
