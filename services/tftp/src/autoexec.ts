import {
  and,
  attempt,
  autoboot,
  boot,
  chain,
  dhcp,
  exit,
  goto,
  imgfetch,
  ipxeScript,
  iseq,
  isset,
  label,
  or,
  ownScriptUrl,
  trusted,
} from '@reboots/protocol/ipxe'
import { OperatorError } from '@reboots/runtime'
import { inMemory } from './in-memory.ts'
import type { Files } from './ports.ts'

/** iPXE for UEFI looks for this beside the file it was loaded from, and runs it before anything else. */
const NAME = 'autoexec.ipxe'

/**
 * For iPXE that a DHCP server has sent here which cannot tell iPXE from firmware: offered one of our own files once more, or none at all,
 * it goes to its script instead of loading itself for ever. Offered anything else it boots that, as without this script.
 */
export function autoexecScript(origin: string, bootFiles: readonly string[]): string {
  const own = [...new Set([NAME, ...bootFiles])].filter((name) => PLAIN.test(name))
  return ipxeScript(
    or(dhcp(), exit(1)),
    attempt(and(isset(trusted('${root-path}')), goto('as-ever'))),
    or(isset(FILENAME), goto('script')),
    own.map((name) => attempt(and(iseq(FILENAME, trusted(name)), goto('script')))),
    // Saves asking DHCP once more. A name with settings in it is not expanded here: that is not found, and autoboot knows better.
    or(imgfetch(FILENAME, 'next'), goto('as-ever')),
    attempt(boot('next')),
    exit(1),
    label('as-ever'),
    attempt(autoboot()),
    exit(1),
    label('script'),
    attempt(chain(trusted(ownScriptUrl(origin, { uuid: true })), { autofree: true, replace: true })),
    exit(1),
  )
}

const FILENAME = trusted('${filename}')
/** iPXE has no way to write other names. */
const PLAIN = /^[A-Za-z0-9._/+-]+$/

export interface Boot {
  readonly httpHost?: string | undefined
  readonly httpPort: number
  readonly binaries: Readonly<Record<string, string | undefined>>
}

/** The files for who asks at `host`: those there are, and the script. */
export function withAutoexecFor(files: Files, boot: Boot, host: string): Files {
  return withAutoexec(files, autoexecScript(httpOrigin(boot, host), bootFilesOf(boot)))
}

/** What machines are told to ask for. */
export function bootFilesOf({ binaries }: Pick<Boot, 'binaries'>): readonly string[] {
  return Object.values(binaries).filter((name) => name !== undefined)
}

/** Where ipxe-http is for this process; undefined if nothing says by which address machines reach it, which is in what it answers. */
export function ownHttpOrigin(boot: Pick<Boot, 'httpHost' | 'httpPort'>, host: string): string | undefined {
  return boot.httpHost === undefined && !ADDRESS.test(host) ? undefined : httpOrigin(boot, host)
}

/** Where ipxe-http is for machines that found tftp at `host`. On the same one, which iPXE knows if we do not. */
export function httpOrigin({ httpHost, httpPort }: Pick<Boot, 'httpHost' | 'httpPort'>, host: string): string {
  if (httpHost !== undefined && !HOST.test(httpHost)) {
    throw new OperatorError(`boot.httpHost is "${httpHost}", which is no host`, 'Set it to a name or an address.')
  }
  const ownHost = ADDRESS.test(host) ? host : '${next-server}'
  return `http://${httpHost ?? ownHost}:${httpPort}`
}

/** Besides names and addresses, IPv6 in brackets. */
const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])$/
/** Not the one that stands for all. */
const ADDRESS = /^(?!0\.0\.0\.0$)\d+\.\d+\.\d+\.\d+$/

/** The files, and autoexec.ipxe in any directory that has none of its own. */
export function withAutoexec(files: Files, script: string): Files {
  const bytes = new TextEncoder().encode(script)
  return {
    async open(names) {
      const found = await files.open(names)
      return found === 'missing' && names.some(isAutoexec) ? inMemory(NAME, bytes) : found
    },
  }
}

function isAutoexec(name: string): boolean {
  return name === NAME || name.endsWith(`/${NAME}`)
}
