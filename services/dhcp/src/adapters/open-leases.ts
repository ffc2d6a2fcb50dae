import { mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { AddressRange, LeaseLedger } from '@reboots/leases'
import { OperatorError, type Log } from '@reboots/runtime'
import type { LeasesConfig } from '../leases-config.ts'
import { openMemoryStore } from '../stores/memory-store.ts'
import type { RedisAddress } from '../stores/redis-connection.ts'

/**
 * Opens the books that the configuration names; relative paths are relative to `directory`. `ranges`: of all pools there are. OperatorError
 * when they cannot be used.
 */
export async function openLeases(
  config: LeasesConfig,
  directory: string,
  log: Log,
  ranges: () => readonly AddressRange[],
): Promise<LeaseLedger> {
  switch (config.store) {
    case 'memory':
      return openMemoryStore()
    case 'sqlite':
      return openFile(resolve(directory, config.file), log)
    case 'redis':
      return openShared(config.redis, log, ranges)
  }
}

async function openFile(file: string, log: Log): Promise<LeaseLedger> {
  await mkdir(dirname(file), { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new OperatorError(
      `the directory ${dirname(file)} for the leases cannot be made: ${error.code ?? error.message}`,
      'Set dhcp.leases.file to a file that this service may write, or dhcp.leases.store to memory: then leases are forgotten at a restart.',
    )
  })
  const { openSqliteStore } = await import('../stores/sqlite-store.ts')
  return openSqliteStore({ file, log })
}

async function openShared(
  redis: LeasesConfig['redis'],
  log: Log,
  ranges: () => readonly AddressRange[],
): Promise<LeaseLedger> {
  const { name, copies, timeoutMilliseconds, username, password, tls } = redis
  const { percent, seconds } = redis.split
  const split = percent === 0 ? {} : { split: { percent, time: seconds * 1000, ranges } }
  const access = {
    address: addressOf(redis),
    tls,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  }
  const { openRedisStore } = await import('../stores/redis-store.ts')
  return openRedisStore({ access, log, name, copies, commandTimeout: timeoutMilliseconds, ...split })
}

function addressOf({ address, sentinels, master }: LeasesConfig['redis']): RedisAddress {
  return sentinels.length > 0 ? { name: master, sentinels: sentinels.map(hostAndPort) } : hostAndPort(address)
}

/** `[::1]:6379` is `::1` and 6379; the configuration has made sure that there are both. */
function hostAndPort(text: string): { readonly host: string; readonly port: number } {
  const at = text.lastIndexOf(':')
  return { host: text.slice(0, at).replace(/^\[|\]$/g, '') || '127.0.0.1', port: Number(text.slice(at + 1)) }
}
