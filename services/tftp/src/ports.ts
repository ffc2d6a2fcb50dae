import type { Content } from '@reboots/protocol/tftp'

/** Octets of a file; what `read` could not give from memory, `load` fetches. */
export interface LoadableContent extends Content {
  /** Resolves when the octets that `read` missed last are in memory; rejects when the file can no longer be read as it was opened. */
  load(): Promise<void>
}

/** A file that is being served; whoever opened it closes it. */
export interface BootFile {
  /** Below its root, as it was found: for logs and clients. */
  readonly name: string
  /** Octets. */
  readonly size: number
  readonly content: LoadableContent
  close(): void
}

export type FileRefusal = 'missing' | 'bad-name' | 'outside-root' | 'not-a-regular-file' | 'busy'

export interface Files {
  /** The first of these names that there is, below the roots; if there is none, why. */
  open(names: readonly string[]): Promise<BootFile | FileRefusal>
}
