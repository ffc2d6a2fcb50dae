import { existsSync } from 'node:fs'
import type { Log } from '@reboots/runtime'
import type { Files } from './ports.ts'

const REMEDY = 'apt-get install ipxe, or set tftp.root to a directory with iPXE builds'

/** Says at the start what is not going to work: a root that is missing, no root with a boot file that machines are told to ask for. */
export async function inspectRoots(
  roots: readonly string[],
  bootFiles: readonly string[],
  files: Files,
  log: Log,
): Promise<readonly string[]> {
  for (const root of missingRoots(roots)) log.warn({ root, remedy: REMEDY }, `there is no directory ${root}`)
  const found = []
  for (const name of bootFiles) {
    const file = await files.open([name])
    if (typeof file === 'string') continue
    file.close()
    found.push(name)
  }
  if (found.length === 0) {
    log.warn(
      { roots, wanted: bootFiles, remedy: REMEDY },
      'there are no iPXE files to serve: machines will not get beyond TFTP',
    )
  }
  return found
}

export function missingRoots(roots: readonly string[]): readonly string[] {
  return roots.filter((root) => !existsSync(root))
}
