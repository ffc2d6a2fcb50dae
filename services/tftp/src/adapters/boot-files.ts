import { openJailed } from '@reboots/runtime'
import type { BootFile, FileRefusal, Files } from '../ports.ts'
import { ChunkCache } from './chunk-cache.ts'
import { FileContent } from './file-content.ts'
import { SharedFiles } from './shared-files.ts'

export interface DiskFiles extends Files {
  /** Octets of file contents in memory. */
  readonly cachedOctets: number
}

/**
 * The files below `roots`. Every request looks at the disk, so a new build is served from the next request on; the contents are read
 * once per version and shared, so ten thousand machines cost one reading.
 */
export function bootFilesOnDisk(roots: readonly string[], cacheOctets: number): DiskFiles {
  const cache = new ChunkCache(cacheOctets)
  const shared = new SharedFiles()

  async function open(name: string): Promise<BootFile | FileRefusal> {
    const jailed = await openJailed(roots, name)
    if (typeof jailed === 'string') return jailed
    const file = await shared.use(jailed.handle).catch(() => undefined)
    if (file === undefined) return 'missing'
    const content = new FileContent(file, cache)
    let open = true
    return {
      name,
      size: file.size,
      content,
      close() {
        if (open) file.leave()
        open = false
      },
    }
  }

  return {
    get cachedOctets() {
      return cache.size
    },
    async open(names) {
      let refusal: FileRefusal = 'missing'
      for (const name of names) {
        const found = await open(name)
        if (typeof found !== 'string') return found
        if (found !== 'missing') refusal = found
      }
      return refusal
    },
  }
}
