import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { kernelPath } from './kernel.ts'

/** A disk that UEFI can start: any EFI program will do, and the kernel is one. */
export async function diskWithLoader(directory: string): Promise<string> {
  const disk = join(directory, 'disk')
  await mkdir(join(disk, 'EFI', 'BOOT'), { recursive: true })
  await copyFile(await kernelPath(), join(disk, 'EFI', 'BOOT', 'BOOTX64.EFI'))
  return disk
}
