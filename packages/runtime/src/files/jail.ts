import { constants } from 'node:fs'
import { open, readlink, realpath, type FileHandle } from 'node:fs/promises'
import path from 'node:path'

/** An open regular file below one of the roots. Whoever is given it closes the handle. */
export interface JailedFile {
  readonly handle: FileHandle
  /** Where it really is, for logs; never shown to a client. */
  readonly location: string
  readonly size: number
  readonly modified: Date
}

/**
 * Why nothing was opened. Only `missing` is an everyday event; `busy` is a matter of later, when there are descriptors again; the others are
 * worth a look at who asks.
 */
export type JailRefusal = 'missing' | 'bad-name' | 'outside-root' | 'not-a-regular-file' | 'busy'

/** What open(2) says that is not about the file being missing, or hidden from this process. */
const REFUSALS: Readonly<Record<string, JailRefusal>> = { ENXIO: 'not-a-regular-file', EMFILE: 'busy', ENFILE: 'busy' }

/** Debian's ipxe package keeps `ipxe.efi` and `ipxe.lkrn` in /boot, for boot loaders, and links to them from /usr/lib/ipxe. */
const LINKED_BY_PACKAGES = /^\/boot\/ipxe[^/]*$/

/**
 * Opens a file that a client named, below the first of `roots` that has it. The name is taken as relative whether or not it
 * starts with `/` (firmware sends both). Never opened: names with `..`, NUL or backslash, anything a symbolic link leads out of the root
 * to (but for Debian's own iPXE files), directories, devices and pipes. What is checked is the file that was opened, not its name, so that nothing can be put in its place
 * between the check and the use.
 */
export async function openJailed(roots: readonly string[], name: string): Promise<JailedFile | JailRefusal> {
  const relative = relativeName(name)
  if (relative === undefined) return 'bad-name'
  let refusal: JailRefusal = 'missing'
  for (const root of roots) {
    const found = await openBelow(root, relative)
    if (typeof found !== 'string') return found
    if (found !== 'missing') refusal = found
  }
  return refusal
}

/** The name without empty and `.` elements; undefined if no honest client would send it. */
export function relativeName(name: string): string | undefined {
  if (name.includes('\0') || name.includes('\\')) return undefined
  const elements = name.split('/').filter((element) => element !== '' && element !== '.')
  return elements.length === 0 || elements.includes('..') ? undefined : elements.join('/')
}

async function openBelow(root: string, relative: string): Promise<JailedFile | JailRefusal> {
  let handle: FileHandle
  let base: string
  try {
    base = await realpath(root)
    // O_NONBLOCK: the open of a pipe that nobody writes to must not wait.
    handle = await open(path.join(base, relative), constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    return REFUSALS[(error as NodeJS.ErrnoException).code ?? ''] ?? 'missing'
  }
  const checked = await check(handle, base).catch(() => 'missing' as const)
  if (typeof checked === 'string') await handle.close()
  return checked
}

async function check(handle: FileHandle, base: string): Promise<JailedFile | JailRefusal> {
  const location = await readlink(`/proc/self/fd/${handle.fd}`)
  const inside = location.startsWith(base === '/' ? base : base + '/') || LINKED_BY_PACKAGES.test(location)
  if (!inside) return 'outside-root'
  const { size, mtime: modified, ...status } = await handle.stat()
  return (status.mode & constants.S_IFMT) === constants.S_IFREG
    ? { handle, location, size, modified }
    : 'not-a-regular-file'
}
