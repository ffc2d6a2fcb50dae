import type { Log } from '@reboots/runtime'
import { askIpxeHttp } from './adapters/ask-config.ts'
import { ownHttpOrigin, withAutoexecFor, type Boot } from './autoexec.ts'
import { withLoaderConfigs } from './loader-config.ts'
import type { Files } from './ports.ts'

/** The files for who asks at `host`: those there are, what is written for iPXE, and what ipxe-http has for other boot loaders. */
export function filesServedAt(host: string, files: Files, boot: Boot, log: Log): Files {
  const origin = ownHttpOrigin(boot, host)
  const served = withAutoexecFor(files, boot, host)
  return origin === undefined ? served : withLoaderConfigs(served, askIpxeHttp(origin, log))
}
