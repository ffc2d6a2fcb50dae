import { watch, type FSWatcher } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { LIMITS } from '@reboots/rules'
import type { PolicySource } from '../ports.ts'

/** A change takes several steps (write, rename, swap of a symbolic link): the file is read when they have come to rest. */
const REST_MS = 100

/** Not even read when it is larger; a character of UTF-8 has up to 4 octets. */
const LARGEST = LIMITS.documentCharacters * 4

/**
 * A policy in a file. It is the directory that is watched: editors and Kubernetes replace a file by renaming, after which a watch of the file
 * itself would go deaf. A ConfigMap's swap of `..data` happens in the same directory and is seen as well.
 */
export function policyFile(name: string): PolicySource {
  let watcher: FSWatcher | undefined
  let resting: NodeJS.Timeout | undefined
  return {
    name,
    async read() {
      const { size } = await stat(name)
      if (size > LARGEST) throw new Error(`${size} bytes, more than any policy may have`)
      return readFile(name, 'utf8')
    },
    watch(changed) {
      const settle = (): void => {
        clearTimeout(resting)
        resting = setTimeout(changed, REST_MS)
      }
      watcher = watch(path.dirname(name), settle)
      // The directory itself was removed: there is nothing to follow any more, and reading says so.
      watcher.on('error', settle)
    },
    close() {
      clearTimeout(resting)
      watcher?.close()
    },
  }
}
