import { GRUB_POINTER, isGrubConfig, loaderConfigIn, loaderConfigPath } from '@reboots/protocol/pxe'
import { inMemory } from './in-memory.ts'
import type { FileRefusal, Files } from './ports.ts'

/** The configuration at a path of ipxe-http, or why there is none. Never rejects. */
export type AskForConfig = (path: string) => Promise<Uint8Array | FileRefusal>

const POINTER = new TextEncoder().encode(GRUB_POINTER)

/** The files, and what ipxe-http has for boot loaders that ask for the configuration of their machine. Files of the roots come first. */
export function withLoaderConfigs(files: Files, ask: AskForConfig): Files {
  return {
    async open(names) {
      const found = await files.open(names)
      if (found !== 'missing') return found
      const shared = names.find(isGrubConfig)
      if (shared !== undefined) return inMemory(shared, POINTER)
      const name = names.map(loaderConfigIn).find((each) => each !== undefined)
      if (name === undefined) return found
      const path = loaderConfigPath(name)
      const config = await ask(path)
      return typeof config === 'string' ? config : inMemory(path, config)
    },
  }
}
