import { Redis, type RedisOptions } from 'ioredis'

/** Where Redis is: one server, or the one that the Sentinels name. */
export type RedisAddress =
  | { readonly host: string; readonly port: number }
  | { readonly sentinels: readonly { readonly host: string; readonly port: number }[]; readonly name: string }

export interface RedisAccess {
  readonly address: RedisAddress
  readonly username?: string
  readonly password?: string
  readonly tls?: boolean
}

/**
 * Nothing waits for Redis in a queue: what cannot be sent now fails now, what is not answered within `timeout` milliseconds fails then, and
 * nothing is sent twice. After a fail-over the old master answers READONLY, which is a reason to look for the new one.
 */
export function connectRedis(access: RedisAccess, timeout: number, overrides: RedisOptions = {}): Redis {
  const { address, username, password, tls } = access
  const where: RedisOptions =
    'name' in address ? { name: address.name, sentinels: [...address.sentinels] } : { ...address }
  const options: RedisOptions = {
    ...where,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls === true && { tls: {}, enableTLSForSentinelMode: false }),
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 1,
    commandTimeout: timeout,
    connectTimeout: 2000,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), 1000),
    sentinelRetryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), 1000),
    reconnectOnError: (error) => /^(READONLY|UNBLOCKED)/.test(error.message),
    ...overrides,
  }
  return new Redis({ ...options, replyMapping: 'legacy' })
}
