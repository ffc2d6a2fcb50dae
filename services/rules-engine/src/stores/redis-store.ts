import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'
import type { Log } from '@reboots/runtime'
import { StoreGone, type Draft, type Entry, type EntryHead, type VersionStore } from '../ports.ts'
import { connectRedis, type RedisAccess } from './redis-connection.ts'

const APPEND = readFileSync(new URL('./redis-append.lua', import.meta.url), 'utf8')

export interface RedisStoreOptions extends RedisAccess {
  /** What the keys begin with; the same for all replicas. */
  readonly name: string
  readonly keep: number
  readonly log: Log
}

/** What may have been missed, be it that a message was lost, is looked for as often. */
const LOOK_AGAIN_MS = 30_000

/**
 * A history in Redis, for any number of replicas: who adds something and in which order is settled by one script there. A message tells
 * the others to read again; it is only a hint, and so is the clock that has them do so now and then.
 */
export function redisStore(options: RedisStoreOptions): VersionStore {
  const { name, keep, log, address } = options
  const keys = ['heads', 'documents', 'last', 'changed'].map((key) => `{${name}}:${key}`)
  const [heads, documents, , channel] = keys as [string, string, string, string]
  const where = `Redis at ${address.host}:${address.port}`
  const redis = connectRedis(options)
  const listener = connectRedis(options, { listening: true })
  let again: NodeJS.Timeout | undefined
  for (const connection of [redis, listener]) connection.on('error', () => {})
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      if (redis.status === 'wait') await redis.connect()
      return await work()
    } catch (error) {
      throw new StoreGone(`${where}: ${reasonOf(error, redis)}`)
    }
  }
  const add = (draft: Draft, replaces: string, known: number, revision: string): Promise<unknown> => {
    const { document, signature, ...head } = draft
    const packed = `${Buffer.from(signature).toString('base64')}\n${document}`
    const given = [replaces, `${known}`, `${keep}`, JSON.stringify(head), draft.version, packed, revision]
    return redis.eval(APPEND, keys.length, ...keys, ...given)
  }
  return {
    name: where,
    durable: true,
    heads: () =>
      attempt(async () => {
        const all = Object.entries(await redis.hgetall(heads))
        const read = all.map(([revision, head]) => headOf(revision, head))
        return read.toSorted((one, other) => other.revision - one.revision)
      }),
    get: (revision) =>
      attempt(async () => {
        const [head, packed] = await Promise.all([
          redis.hget(heads, `${revision}`),
          redis.hget(documents, `${revision}`),
        ])
        return head === null || packed === null ? undefined : entryOf(`${revision}`, head, packed)
      }),
    append: (draft, replaces, known) =>
      attempt(async () => {
        const revision = Number(await add(draft, replaces, known, ''))
        return revision === 0 ? undefined : { ...draft, revision }
      }),
    restore: ({ revision, ...draft }) =>
      attempt(async () => {
        await add(draft, '*', 0, `${revision}`)
      }),
    watch(changed) {
      // Every time it is ready it may have been away, and may have missed something.
      listener.on('ready', () => {
        log.info({ store: where }, 'following the versions')
        void listener.subscribe(channel).then(changed, () => {})
      })
      listener.on('message', changed)
      listener.on('close', () => log.debug({ store: where }, 'lost'))
      void listener.connect().catch(() => {})
      again = setInterval(changed, LOOK_AGAIN_MS)
    },
    close() {
      clearInterval(again)
      redis.disconnect()
      listener.disconnect()
      return Promise.resolve()
    },
  }
}

function headOf(revision: string, text: string): EntryHead {
  return { ...(JSON.parse(text) as Omit<EntryHead, 'revision'>), revision: Number(revision) }
}

function entryOf(revision: string, head: string, packed: string): Entry {
  const end = packed.indexOf('\n')
  const signature = new Uint8Array(Buffer.from(packed.slice(0, end), 'base64'))
  return { ...headOf(revision, head), document: packed.slice(end + 1), signature }
}

function reasonOf(error: unknown, { status }: Redis): string {
  const message = error instanceof Error ? error.message : String(error)
  return /isn't writeable|Connection is closed/.test(message) ? `not reached (${status})` : message
}
