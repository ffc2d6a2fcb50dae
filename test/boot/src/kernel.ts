import { fileURLToPath } from 'node:url'
import { run } from '@reboots/testkit'

/** Path of the Linux kernel to boot; fetched on first use (see `fetch-kernel`). */
export async function kernelPath(): Promise<string> {
  const script = fileURLToPath(new URL('../fetch-kernel', import.meta.url))
  return (await run({ command: script, args: [] })).trim()
}
