import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '@reboots/testkit'

/** Boot loaders that nobody here wrote, by the names that the TFTP server has them under; fetched on first use (see `fetch-loaders`). */
export async function bootLoaders(): Promise<Record<string, Uint8Array>> {
  const script = fileURLToPath(new URL('../fetch-loaders', import.meta.url))
  const directory = join((await run({ command: script, args: [] })).trim(), 'usr/lib')
  const files = Object.entries(PATHS).map(
    async ([name, path]) => [name, await readFile(join(directory, path))] as const,
  )
  return Object.fromEntries(await Promise.all(files))
}

const PATHS = {
  'grubnetx64.efi': 'grub/x86_64-efi-signed/grubnetx64.efi.signed',
  'bios/lpxelinux.0': 'PXELINUX/lpxelinux.0',
  'bios/ldlinux.c32': 'syslinux/modules/bios/ldlinux.c32',
}
