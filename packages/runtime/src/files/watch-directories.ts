import { watch, type FSWatcher } from 'node:fs'
import { stat } from 'node:fs/promises'

export interface DirectoryWatch {
  /** These are the directories from now on. True if one was added: what happened in it before is not known. */
  follow(directories: ReadonlySet<string>): Promise<boolean>
  close(): void
}

/** Changes come in flocks (a truncation, some writes, a rename): the one that nothing follows for so long is acted on, */
const QUIET_MS = 100
/** but not later than this after the first. */
const PATIENCE_MS = 1000
/** Some file systems (network, overlays) tell nobody of changes. Looking costs a stat for each file. */
const POLL_MS = 30_000

/**
 * Calls `changed` soon after anything happens in the directories, and now and then in any case. Directories are watched and not
 * files: a watch on a file goes on watching what was there before a rename, or before a ConfigMap's link was turned.
 */
export function watchDirectories(changed: () => void): DirectoryWatch {
  const watchers = new Map<string, { readonly identity: string; readonly watcher: FSWatcher }>()
  const debounced = debounce(changed)
  const poll = setInterval(changed, POLL_MS).unref()
  const drop = (directory: string): void => {
    watchers.get(directory)?.watcher.close()
    watchers.delete(directory)
  }
  return {
    async follow(directories) {
      for (const directory of watchers.keys()) if (!directories.has(directory)) drop(directory)
      let added = false
      for (const directory of directories) {
        const identity = await identify(directory)
        if (watchers.get(directory)?.identity === identity) continue
        drop(directory)
        const watcher = identity === undefined ? undefined : open(directory, debounced.trigger, () => drop(directory))
        if (watcher === undefined || identity === undefined) continue
        watchers.set(directory, { identity, watcher })
        added = true
      }
      return added
    },
    close() {
      clearInterval(poll)
      debounced.cancel()
      for (const directory of watchers.keys()) drop(directory)
    },
  }
}

/** A directory that was removed and made again is another one, and its old watch is deaf. */
async function identify(directory: string): Promise<string | undefined> {
  const status = await stat(directory).catch(() => undefined)
  return status?.isDirectory() ? `${status.dev}:${status.ino}` : undefined
}

function open(directory: string, changed: () => void, failed: () => void): FSWatcher | undefined {
  try {
    return watch(directory, { persistent: false }, changed).on('error', failed)
  } catch {
    // Gone again, or the system has no more watches to give: the poll finds out.
    return undefined
  }
}

function debounce(act: () => void): { trigger(): void; cancel(): void } {
  let quiet: NodeJS.Timeout | undefined
  let patience: NodeJS.Timeout | undefined
  const cancel = (): void => {
    clearTimeout(quiet)
    clearTimeout(patience)
    quiet = patience = undefined
  }
  const fire = (): void => {
    cancel()
    act()
  }
  return {
    cancel,
    trigger() {
      clearTimeout(quiet)
      quiet = setTimeout(fire, QUIET_MS)
      patience ??= setTimeout(fire, PATIENCE_MS)
    },
  }
}
