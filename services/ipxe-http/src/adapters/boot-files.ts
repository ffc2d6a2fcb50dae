import { openJailed, type Log } from '@reboots/runtime'
import type { FilePorts } from '../ports.ts'

/** The file routes' port over directories on disk. */
export function bootFilesOnDisk(stores: Readonly<Record<'files' | 'ipxe', readonly string[]>>, log: Log): FilePorts {
  return {
    async open(store, path) {
      const file = await openJailed(stores[store], path)
      if (typeof file !== 'string') return file
      if (file !== 'missing') log.warn({ store, path: path.slice(0, 200), reason: file }, 'file refused')
      return file === 'busy' ? file : undefined
    },
  }
}
