import { memoryContent } from '@reboots/protocol/tftp'
import type { BootFile } from './ports.ts'

/** A file that is on no disk. */
export function inMemory(name: string, bytes: Uint8Array): BootFile {
  const content = { ...memoryContent(bytes), load: () => Promise.resolve() }
  return { name, size: bytes.length, content, close: () => {} }
}
