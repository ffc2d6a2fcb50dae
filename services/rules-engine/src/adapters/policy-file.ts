import { watch, type FSWatcher } from 'node:fs'
import { appendFile, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { LIMITS } from '@reboots/rules'
import { ConfigError, replaceFile } from '@reboots/runtime'
import type { PolicySource } from '../ports.ts'
import { readSignature } from '../trust.ts'

/** A change takes several steps (write, rename, swap of a symbolic link): the file is read when they have come to rest. */
const REST_MS = 100

/** Not even read when it is larger; a character of UTF-8 has up to 4 octets. */
const LARGEST = LIMITS.documentCharacters * 4

/**
 * A policy in a file, with its signature, if it has one, beside it under the same name and `.sig`. It is the directory that is watched:
 * editors and Kubernetes replace a file by renaming, after which a watch of the file itself would go deaf. A ConfigMap's swap of `..data`
 * happens in the same directory and is seen as well.
 */
export function policyFile(name: string): PolicySource {
  const signatureFile = `${name}.sig`
  let watcher: FSWatcher | undefined
  let resting: NodeJS.Timeout | undefined
  return {
    name,
    origin: 'file',
    async read() {
      const { size } = await stat(name)
      if (size > LARGEST) throw new Error(`${size} bytes, more than any policy may have`)
      const document = await readFile(name, 'utf8')
      return { document, signature: readSignature(await readIfThere(signatureFile)) }
    },
    /** The signature first: if the process ends in between, a document that is not signed is refused, and not one that is lost. */
    async write({ document, signature }) {
      if (signature.length > 0) {
        await appendFile(signatureFile, '').catch((error: NodeJS.ErrnoException) => {
          throw new ConfigError([`${signatureFile}: cannot be written: ${error.code}`])
        })
        await replaceFile(signatureFile, `${Buffer.from(signature).toString('base64')}\n`)
      }
      await replaceFile(name, document)
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

async function readIfThere(file: string): Promise<Uint8Array> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return new Uint8Array()
    throw error
  })
}
