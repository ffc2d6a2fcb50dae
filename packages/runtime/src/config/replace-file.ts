import { open, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ConfigError } from './config-error.ts'

/**
 * Puts a text in place of a file: who reads it gets the old or the new one, whole, also after a power failure. A link stays, what it leads to
 * is replaced. ConfigError when it cannot be written; then the file is as it was.
 */
export async function replaceFile(file: string, text: string): Promise<void> {
  let beside: string | undefined
  try {
    const real = await realpath(file)
    const { mode, uid, gid } = await stat(real)
    beside = join(dirname(real), `.${basename(real)}.${process.pid}`)
    const handle = await open(beside, 'w', mode)
    try {
      await handle.chmod(mode)
      // Only root may give files away; whoever else writes has made one of its own.
      await handle.chown(uid, gid).catch(() => {})
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(beside, real)
    await syncDirectory(dirname(real))
  } catch (error) {
    if (beside !== undefined) await rm(beside, { force: true })
    const reason = (error as NodeJS.ErrnoException).code ?? String(error)
    throw new ConfigError([`${file}: cannot be written: ${reason}`])
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory)
  await handle.sync()
  await handle.close()
}
