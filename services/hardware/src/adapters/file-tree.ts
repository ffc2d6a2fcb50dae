import type { BigIntStats, Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'

export interface TreeFile {
  readonly path: string
  /** Changes when the file is written, replaced, or a link on the way to it is turned. */
  readonly fingerprint: string
}

/** What there is below one of the configured paths. */
export interface Root {
  readonly path: string
  /** In the order they are read in: by name, files and directories mixed, each directory's files where its name stands. */
  readonly files: readonly TreeFile[]
  /** Why nothing can be said about it: it does not exist, or cannot be read. */
  readonly failure: string | undefined
}

export interface Tree {
  readonly roots: readonly Root[]
  /** The directories in which something has to happen before any of this changes. */
  readonly directories: ReadonlySet<string>
}

const EXTENSIONS: ReadonlySet<string> = new Set(['.yaml', '.yml', '.json'])

/**
 * Looks up the configured paths: a file, or a directory with everything below it that ends in .yaml, .yml or .json. Names that begin
 * with a dot are left out: they are what editors and Kubernetes volumes keep beside the files. A file that is reached twice is taken once.
 */
export async function readTree(paths: readonly string[]): Promise<Tree> {
  const directories = new Set<string>()
  const seen = new Set<string>()
  const roots: Root[] = []
  for (const path of paths) {
    const files: TreeFile[] = []
    // A file or link is replaced in its directory; when that is reached through a link, the place it leads to counts as well.
    directories.add(dirname(path))
    try {
      const real = await realpath(path)
      directories.add(dirname(real))
      await walk(path, { files, directories, seen })
      roots.push({ path, files, failure: undefined })
    } catch (error) {
      roots.push({ path, files: [], failure: reason(error) })
    }
  }
  return { roots, directories }
}

interface Walk {
  readonly files: TreeFile[]
  readonly directories: Set<string>
  readonly seen: Set<string>
}

async function walk(path: string, found: Walk): Promise<void> {
  const status = await stat(path, { bigint: true })
  const identity = `${status.dev}:${status.ino}`
  if (found.seen.has(identity)) return
  found.seen.add(identity)
  if (!status.isDirectory()) {
    if (status.isFile()) found.files.push({ path, fingerprint: fingerprintOf(status) })
    return
  }
  found.directories.add(path)
  const entries = await readdir(path, { withFileTypes: true })
  for (const entry of entries.filter(isWanted).sort(byName)) {
    const inside = join(path, entry.name)
    // What vanished since the directory was read, or a link that leads nowhere, is not there.
    await walkEntry(inside, entry, found).catch((error: unknown) => {
      if (!['ENOENT', 'ELOOP'].includes(reason(error))) throw error
    })
  }
}

/** A link is followed to a directory under any name, and to a file if its own name is one of a file of records. */
async function walkEntry(path: string, entry: Dirent, found: Walk): Promise<void> {
  if (hasExtension(path) || !entry.isSymbolicLink() || (await stat(path)).isDirectory()) await walk(path, found)
}

/** The fingerprint of a file as it is now; undefined if it is gone. */
export async function fingerprint(path: string): Promise<string | undefined> {
  const status = await stat(path, { bigint: true }).catch(() => undefined)
  return status === undefined ? undefined : fingerprintOf(status)
}

function fingerprintOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':')
}

function isWanted(entry: Dirent): boolean {
  if (entry.name.startsWith('.')) return false
  return entry.isDirectory() || entry.isSymbolicLink() || hasExtension(entry.name)
}

function hasExtension(path: string): boolean {
  return EXTENSIONS.has(extname(path).toLowerCase())
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1
}

export function reason(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error)
}
