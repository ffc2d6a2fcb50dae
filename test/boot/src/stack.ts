import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Host, Running } from '@reboots/testkit'

export type ServiceName = 'hardware' | 'rules-engine' | 'dhcp' | 'proxydhcp' | 'tftp' | 'ipxe-http'

export const CONTROL_PLANE = ['hardware', 'rules-engine'] as const satisfies readonly ServiceName[]

/** One line that a service logged. */
export type LogLine = Readonly<Record<string, unknown>>

/** Where each service says whether it has what it needs to answer. */
const READY: Readonly<Record<ServiceName, string>> = {
  dhcp: 'http://127.0.0.1:7067/readyz',
  proxydhcp: 'http://127.0.0.1:7011/readyz',
  tftp: 'http://127.0.0.1:7069/readyz',
  'ipxe-http': 'http://127.0.0.1:7080/readyz',
  hardware: 'http://127.0.0.1:7113/readyz',
  'rules-engine': 'http://127.0.0.1:7115/readyz',
}
const READY_WITHIN_MS = 60_000
const ASK_AGAIN_AFTER_MS = 200

/** The services of Reboots as processes of their own on one host, from the sources, as an operator without `reboots up` runs them. */
export class Stack {
  readonly #host: Host
  readonly #environment: Readonly<Record<string, string>>
  readonly #running = new Map<ServiceName, Running>()
  readonly #ended: Running[] = []

  /** `configuration` is the content of a reboots.yaml; relative paths in it are relative to `directory`. */
  static async configure(host: Host, directory: string, configuration: unknown): Promise<Stack> {
    const file = join(directory, 'reboots.yaml')
    await writeFile(file, `${JSON.stringify(configuration, undefined, 2)}\n`)
    return new Stack(host, { REBOOTS_CONFIG: file })
  }

  private constructor(host: Host, environment: Readonly<Record<string, string>>) {
    this.#host = host
    this.#environment = environment
  }

  /** Starts services and resolves when each of them is ready. */
  async start(...names: readonly ServiceName[]): Promise<void> {
    for (const name of names) {
      const main = fileURLToPath(new URL(`../../../services/${name}/src/main.ts`, import.meta.url))
      const command = { command: process.execPath, args: [main], env: this.#environment }
      this.#running.set(name, this.#host.start(name, command))
    }
    await Promise.all(names.map((name) => untilReady(this.#host, name, this.#process(name))))
  }

  async stop(...names: readonly ServiceName[]): Promise<void> {
    for (const name of names) {
      const running = this.#process(name)
      await running.stop()
      this.#running.delete(name)
      this.#ended.push(running)
    }
  }

  /** The process of each service that runs. */
  pids(): ReadonlyMap<ServiceName, number> {
    const alive = [...this.#running].filter(([, running]) => running.ending === undefined)
    return new Map(alive.map(([name, running]) => [name, running.pid]))
  }

  /** What the service has logged so far, all its processes. */
  log(name: ServiceName): LogLine[] {
    return this.output(name)
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as LogLine)
  }

  output(name: ServiceName): string {
    const ended = this.#ended.filter((running) => running.name === name)
    const running = this.#running.get(name)
    return [...ended, ...(running === undefined ? [] : [running])].map(({ output }) => output).join('')
  }

  names(): ServiceName[] {
    return [...new Set([...this.#ended.map(({ name }) => name as ServiceName), ...this.#running.keys()])]
  }

  #process(name: ServiceName): Running {
    const running = this.#running.get(name)
    if (running === undefined) throw new Error(`${name} does not run`)
    return running
  }
}

/**
 * Resolves when the service says that it is ready. There is no event to wait for across processes: it is asked until it says
 * yes, the process that runs it ends, or the time is up.
 */
export async function untilReady(host: Host, name: ServiceName, running: Running): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS
  let answer = 'nothing'
  while (Date.now() < deadline) {
    if (running.ending !== undefined) throw new Error(`${name} ended instead of getting ready:\n${running.output}`)
    const asked = host.run('curl', '--silent', '--show-error', '--fail-with-body', READY[name])
    const refusal = await asked.then(
      () => undefined,
      (error: Error) => error.message,
    )
    if (refusal === undefined) return
    answer = refusal
    await Promise.race([running.ended, setTimeout(ASK_AGAIN_AFTER_MS)])
  }
  throw new Error(`${name} does not get ready, it says ${answer}\n${running.output}`)
}
