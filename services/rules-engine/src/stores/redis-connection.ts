import { Redis, type RedisOptions } from 'ioredis'

export interface RedisAccess {
  readonly address: { readonly host: string; readonly port: number }
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly tls: boolean
  /** Milliseconds after which Redis counts as gone. */
  readonly timeout: number
}

/**
 * Nothing waits for Redis in a queue: what cannot be sent now fails now, what is not answered in time fails then, and nothing is sent
 * twice. With `listening` the connection is for messages only, and subscribes again by itself when it was lost.
 */
export function connectRedis(access: RedisAccess, { listening = false } = {}): Redis {
  const { address, username, password, tls, timeout } = access
  const options: RedisOptions = {
    ...address,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 1,
    connectTimeout: 2000,
    ...(!listening && { commandTimeout: timeout }),
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), 1000),
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  }
  return new Redis({ ...options, replyMapping: 'legacy' })
}
