import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { findCommand, freePort, RedisServer } from '@reboots/testkit'
import { play, type Report } from './scenario.ts'

const NAME = 'leases'

/** Two Redis, of which one copies the other, and three Sentinels that agree on which. */
class Group {
  readonly sentinels: { readonly host: string; readonly port: number }[] = []
  readonly #servers: RedisServer[] = []
  readonly #directories: string[] = []
  readonly #watchers: ChildProcess[] = []

  async start(): Promise<void> {
    const first = await new RedisServer(await freePort(), SAFE).start()
    const second = await new RedisServer(await freePort(), copyOf(first.port)).start()
    this.#servers.push(first, second)
    for (let i = 0; i < 3; i++) await this.#watch(first.port)
    while (!(await this.#ask(`SENTINEL CKQUORUM ${NAME}`)).startsWith('+')) await delay(100)
    while (!(await this.#ask(`SENTINEL REPLICAS ${NAME}`)).includes(`${second.port}`)) await delay(100)
  }

  async #watch(master: number): Promise<void> {
    const port = await freePort()
    const directory = mkdtempSync(join(tmpdir(), 'reboots-sentinel-'))
    const file = join(directory, 'sentinel.conf')
    const settings = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${directory}`,
      `sentinel monitor ${NAME} 127.0.0.1 ${master} 2`,
      `sentinel down-after-milliseconds ${NAME} 700`,
      `sentinel failover-timeout ${NAME} 4000`,
    ]
    writeFileSync(file, settings.join('\n') + '\n')
    this.#watchers.push(spawn(findCommand('redis-sentinel')!, [file], { stdio: 'ignore' }))
    this.#directories.push(directory)
    this.sentinels.push({ host: '127.0.0.1', port })
  }

  /** Kills the master and brings it back as the copy of the one that took over. */
  async failOver(): Promise<void> {
    const master = await this.#master()
    const server = this.#servers.find(({ port }) => port === master)!
    await server.signal()
    while ((await this.#master()) === master) await delay(50)
    await server.start(copyOf(await this.#master()))
  }

  async #master(): Promise<number> {
    const answer = await this.#ask(`SENTINEL GET-MASTER-ADDR-BY-NAME ${NAME}`)
    return Number(answer.split('\r\n').at(-2))
  }

  /** The answer of the first Sentinel, as it comes over the wire; an error begins with `-`. */
  async #ask(command: string): Promise<string> {
    const socket = connect(this.sentinels[0]!.port, '127.0.0.1')
    try {
      socket.write(command + '\r\n')
      const [answer] = (await once(socket, 'data')) as [Buffer]
      return answer.toString()
    } catch {
      return '-not there yet'
    } finally {
      socket.destroy()
    }
  }

  async stop(): Promise<void> {
    for (const watcher of this.#watchers) watcher.kill('SIGKILL')
    await Promise.all(this.#servers.map((server) => server.stop()))
    for (const directory of this.#directories) rmSync(directory, { recursive: true })
  }
}

/** A master that has lost its copy takes nothing on: it may have lost its office as well. */
const SAFE = ['--min-replicas-to-write', '1', '--min-replicas-max-lag', '2', '--repl-diskless-sync-delay', '0']
const copyOf = (port: number) => [...SAFE, '--replicaof', `127.0.0.1 ${port}`]

/** Replicas find Redis through Sentinel, and the master is killed again and again. A lease is acknowledged when the copy has it too. */
export async function sentinelChaos(seconds: number, seed: number): Promise<Report> {
  const group = new Group()
  try {
    await group.start()
    const access = { address: { name: NAME, sentinels: group.sentinels } }
    const replicas = Array.from({ length: 3 }, () => ({ store: 'redis', access, copies: 1 }))
    return await play({ replicas, mishaps: [() => group.failOver()], seconds, seed })
  } finally {
    await group.stop()
  }
}
