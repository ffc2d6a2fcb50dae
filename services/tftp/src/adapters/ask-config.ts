import type { Log } from '@reboots/runtime'
import type { AskForConfig } from '../loader-config.ts'

/** Firmware asks again after some seconds, and is told something by then. */
const WITHIN_MS = 3000
/** Of a configuration; it is held in memory. */
const MOST_OCTETS = 256 * 1024

/** Asks ipxe-http at `origin`. What it refuses is missing here; where it does not answer, who asks shall ask again. */
export function askIpxeHttp(origin: string, log: Log, withinMs = WITHIN_MS): AskForConfig {
  return async (path) => {
    const url = `${origin}/${path}`
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(withinMs), redirect: 'error' })
      const body = new Uint8Array(await response.arrayBuffer())
      if (response.ok && body.length <= MOST_OCTETS) return body
      const why = response.ok ? 'too long' : new TextDecoder().decode(body.subarray(0, 300)).trim()
      log.info({ url, status: response.status, why }, 'no configuration')
      return response.status >= 500 ? 'busy' : 'missing'
    } catch (error) {
      const { message, cause } = error as Error
      log.warn({ url, why: cause instanceof Error ? cause.message : message }, 'ipxe-http does not answer')
      return 'busy'
    }
  }
}
