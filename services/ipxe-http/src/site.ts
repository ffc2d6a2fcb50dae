import type { SiteFacts } from '@reboots/rules'
import { registryOf, type Config } from './config.ts'

/** Port of the Tink server when its address names none, as every Tinkerbell installation has it. */
const TINK_PORT = 42113

/** What the configuration says of the site, before a request adds the address it came to. */
export interface Site {
  /** The facts for a machine that reached us by `origin`, `http://192.0.2.1:7080`. */
  factsFor(origin: string): SiteFacts
}

export function siteOf(config: Config, env: Readonly<Record<string, string | undefined>>): Site {
  const { http } = config
  const fixed = {
    kernelName: http.kernelName,
    initrdName: http.initrdName,
    tinkTls: http.tinkTls,
    tinkInsecureTls: http.tinkInsecureTls,
    syslogHost: http.syslogHost,
    extraKernelArgs: http.extraKernelArgs,
    registry: registryOf(config, env),
  }
  return {
    factsFor(reachedBy) {
      const origin = http.origin === '' ? reachedBy : http.origin.replace(/\/+$/, '')
      return {
        ...fixed,
        http: origin,
        osieUrl: http.osieUrl === '' ? `${origin}/files` : http.osieUrl.replace(/\/+$/, ''),
        tinkServer: tinkServer(http.tinkServer, new URL(origin).hostname),
      }
    },
  }
}

/** host:port of the Tink server: what is missing of it comes from our own host and the usual port. */
export function tinkServer(configured: string, ownHost: string): string {
  const [, host, port] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(configured) ?? [undefined, configured, undefined]
  return `${host === '' ? ownHost : host}:${port ?? TINK_PORT}`
}
