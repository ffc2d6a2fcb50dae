import { once } from 'node:events'

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever reads has seen enough: `reboots leases | head`.
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

/** Prints lines, no faster than they are read. */
export async function print(lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return
  if (!process.stdout.write(lines.join('\n') + '\n')) await once(process.stdout, 'drain')
}
