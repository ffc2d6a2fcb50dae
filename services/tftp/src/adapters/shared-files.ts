import type { FileHandle } from 'node:fs/promises'

/** One version of a file, open, and shared by all transfers that serve it. */
export interface SharedFile {
  /** Of the version: device, inode, size, times. */
  readonly key: string
  /** Octets. */
  readonly size: number
  /** Exactly these octets; rejects when the file on disk is no longer this version. */
  read(at: number, length: number): Promise<Uint8Array>
  /** One user less; the last one closes the file. */
  leave(): void
}

/** One descriptor per version of a file, however many transfers there are. */
export class SharedFiles {
  readonly #open = new Map<string, OpenFile>()

  /** Takes over the handle: closed at once if this version is open already (or cannot be looked at), else when its last user leaves. */
  async use(handle: FileHandle): Promise<SharedFile> {
    const { key, size, content } = await versionOf(handle).catch(async (error: unknown) => {
      await handle.close()
      throw error
    })
    const known = this.#open.get(key)
    if (known !== undefined) {
      known.enter()
      await handle.close()
      return known
    }
    const file = new OpenFile({ key, size, content }, handle, () => this.#open.delete(key))
    this.#open.set(key, file)
    return file
  }
}

class OpenFile implements SharedFile {
  readonly key: string
  readonly size: number
  readonly #content: string
  readonly #handle: FileHandle
  readonly #forget: () => void
  #users = 1

  constructor({ key, size, content }: Version, handle: FileHandle, forget: () => void) {
    this.key = key
    this.size = size
    this.#content = content
    this.#handle = handle
    this.#forget = forget
  }

  enter(): void {
    this.#users++
  }

  leave(): void {
    if (--this.#users > 0) return
    this.#forget()
    void this.#handle.close().catch(() => {})
  }

  /** A file changed in place while it is served would reach the machine as a mixture: better no file than that one. */
  async read(at: number, length: number): Promise<Uint8Array> {
    this.enter()
    try {
      const octets = new Uint8Array(length)
      const { bytesRead } = await this.#handle.read(octets, 0, length, at)
      const { content } = await versionOf(this.#handle)
      if (bytesRead !== length || content !== this.#content) throw new Error('the file has changed while it was served')
      return octets
    } finally {
      this.leave()
    }
  }
}

interface Version {
  /** Of this file as it is: device, inode, size, times. */
  readonly key: string
  readonly size: number
  /** Changes when it is written, and not when it is renamed, removed, or another is put in its place, which ctime does. */
  readonly content: string
}

async function versionOf(handle: FileHandle): Promise<Version> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await handle.stat({ bigint: true })
  const content = [size, mtimeNs].join(':')
  return { key: [dev, ino, content, ctimeNs].join(':'), size: Number(size), content }
}
