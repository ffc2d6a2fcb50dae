import type { MachineSource } from '../ports.ts'
import type { Problem } from '../records/problem.ts'
import { unique } from '../records/unique.ts'
import type { Roster } from '../roster/roster.ts'
import { readTree } from './file-tree.ts'
import { HeldFiles, type Holdings } from './held-files.ts'
import { watchDirectories } from '@reboots/runtime'

/** What a look at the files came to. */
export interface Load {
  /** Machines that are new, changed or gone. */
  readonly changes: number
  readonly problems: readonly Problem[]
  readonly seconds: number
}

export interface FileSourceOptions {
  /** Absolute: files, or directories with files below. */
  readonly paths: readonly string[]
  readonly roster: Roster
  /** After the first look at the files, and after each that found something new. */
  loaded(load: Load): void
}

/**
 * Keeps the roster at what the files say. A file that cannot be read any more keeps the machines it had; so does a configured path
 * that is gone, while a file that is gone from a directory takes its machines along. The promise resolves after the first look.
 */
export async function openFileSource({ paths, roster, loaded }: FileSourceOptions): Promise<MachineSource> {
  const held = new HeldFiles()
  let problems: readonly Problem[] = []
  let closed = false
  let again = false
  let looking: Promise<void> | undefined

  const directories = watchDirectories(() => {
    again = true
    looking ??= lookUntilDone().finally(() => (looking = undefined))
  })

  async function lookUntilDone(): Promise<void> {
    do {
      again = false
      await look()
    } while (again)
  }

  async function look(): Promise<void> {
    const started = performance.now()
    const tree = await readTree(paths)
    if (closed) return
    // What happened in a directory before it was watched is seen by looking once more.
    if (await directories.follow(tree.directories)) again = true
    const holdings = await held.read(tree)
    // Other things happen in the same directories, too.
    if (closed || !holdings.changed) return
    const published = publish(holdings, roster)
    problems = published.problems
    loaded({ ...published, seconds: (performance.now() - started) / 1000 })
  }

  looking = lookUntilDone()
  await looking
  looking = undefined
  return {
    get problems() {
      return problems
    },
    get unready() {
      return roster.revision > 0n ? undefined : 'none of the machine files could be read yet'
    },
    async close() {
      closed = true
      directories.close()
      await looking
    },
  }
}

function publish({ files, problems, complete }: Holdings, roster: Roster): Omit<Load, 'seconds'> {
  const readings = files.flatMap(({ good }) => good ?? [])
  const { entries, problems: conflicts } = unique(readings.map((reading) => reading.entries))
  const found = [...problems, ...files.flatMap((file) => file.problems), ...conflicts]
  // Of machines that nothing is known of, it is not said that there are none.
  const nothingRead = readings.length === 0 && !complete
  return { changes: nothingRead ? 0 : roster.publish(entries, complete), problems: found }
}
