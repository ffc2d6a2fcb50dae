import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findCommand } from './lan/index.ts'

/** A port of the loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** A redis-server of the test's own, with its files in a directory of its own; it survives being killed. */
export class RedisServer {
  readonly port: number
  readonly directory = mkdtempSync(join(tmpdir(), 'reboots-redis-'))
  #options: readonly string[]
  #process: ChildProcess | undefined

  constructor(port: number, options: readonly string[] = []) {
    this.port = port
    this.#options = options
  }

  /** Resolves when it accepts connections. Other options stay for the next time. */
  async start(options = this.#options): Promise<this> {
    this.#options = options
    const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', '']
    const where = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--dir', this.directory]
    const command = findCommand('redis-server')
    if (command === undefined) throw new Error('redis-server not found: apt-get install redis-server')
    this.#process = spawn(command, [...where, ...durable, ...this.#options], { stdio: ['ignore', 'pipe', 'inherit'] })
    for await (const line of createInterface({ input: this.#process.stdout! })) {
      if (line.includes('Ready to accept connections')) break
    }
    this.#process.stdout!.resume()
    return this
  }

  /** SIGKILL by default: what it has not written is gone. SIGSTOP: it hangs. */
  async signal(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = signal === 'SIGKILL' ? once(child, 'exit') : undefined
    child.kill(signal)
    await ended
  }

  async stop(): Promise<void> {
    await this.signal()
    rmSync(this.directory, { recursive: true })
  }
}
