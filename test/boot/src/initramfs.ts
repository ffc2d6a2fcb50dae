import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { findCommand } from '@reboots/testkit'

interface Entry {
  readonly path: string
  readonly mode: number
  readonly device?: readonly [major: number, minor: number]
  readonly content?: Uint8Array
}

const DIRECTORY = 0o040755
const PROGRAM = 0o100755
const CHARACTER_DEVICE = 0o020600

/** The line that a booted machine writes on its serial consoles; the group is its kernel's command line. */
export function reportPattern(token: string): RegExp {
  return new RegExp(`^${token} command line: (.*)\\n`, 'm')
}

/**
 * An initial RAM disk whose `/init` says that it runs: on every serial console it writes a line with the token and the kernel's
 * command line, then it switches the machine off. Nothing but busybox is in it.
 */
export async function initramfs(token: string): Promise<Uint8Array> {
  const busybox = findCommand('busybox')
  if (busybox === undefined) throw new Error('busybox not found: apt-get install busybox-static')
  const archive = newc([
    { path: 'bin', mode: DIRECTORY },
    { path: 'dev', mode: DIRECTORY },
    // The kernel opens it as stdin, stdout and stderr of /init before anything is mounted.
    { path: 'dev/console', mode: CHARACTER_DEVICE, device: [5, 1] },
    { path: 'proc', mode: DIRECTORY },
    { path: 'bin/busybox', mode: PROGRAM, content: await readFile(busybox) },
    { path: 'init', mode: PROGRAM, content: new TextEncoder().encode(initScript(token)) },
  ])
  return gzipSync(archive, { level: 6 })
}

// A console that is not there may block in open(): each is written to in the background, and nobody waits for all of them.
// The kernel is told to be quiet first, or its own messages would come between the words.
function initScript(token: string): string {
  return `#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t devtmpfs devtmpfs /dev
echo 1 >/proc/sys/kernel/printk
report="${token} command line: $($b cat /proc/cmdline)"
for console in ttyS0 ttyS1 ttyAMA0 hvc0; do
  [ -c /dev/$console ] || continue
  { echo; echo "$report"; } 2>/dev/null >/dev/$console &
done
$b sleep 2
$b poweroff -f
`
}

/**
 * A cpio archive in the "newc" format, which is what the kernel unpacks: a header of 13 numbers in 8 hexadecimal digits each
 * after the magic, the name, the content; name and content padded to 4 octets.
 */
function newc(entries: readonly Entry[]): Uint8Array {
  const parts = entries.flatMap((entry, index) => record(entry, index + 1))
  parts.push(...record({ path: 'TRAILER!!!', mode: 0 }, 0))
  return Buffer.concat(parts)
}

function record({ path, mode, device = [0, 0], content = new Uint8Array(0) }: Entry, inode: number): Uint8Array[] {
  const links = 1
  const fields = [inode, mode, 0, 0, links, 0, content.length, 0, 0, ...device, path.length + 1, 0]
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}${path}\0`
  return [padded(Buffer.from(header)), padded(content)]
}

function padded(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
}
