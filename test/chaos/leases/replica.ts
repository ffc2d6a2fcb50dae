import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { LeaseStep } from '@reboots/leases'

const PROGRAM = fileURLToPath(new URL('../../../services/dhcp/src/stores/store-process.fixture.ts', import.meta.url))

/** What a step came to; `left`: milliseconds. `lost`: the process died, nobody knows. */
export type Told =
  | { readonly state: 'offered' | 'bound' | 'declined'; readonly address: number; readonly left: number }
  | 'refused'
  | 'unavailable'
  | 'lost'

interface Line {
  readonly id: number
  readonly results: readonly Told[]
}

/** A process with a store of leases, which can be killed and started again. */
export class Replica {
  readonly #settings: object
  readonly #waiting = new Map<number, (told: Told) => void>()
  #child: ChildProcess | undefined
  #next = 1

  constructor(settings: object) {
    this.#settings = settings
  }

  /** Resolves when the store is open. */
  async start(): Promise<void> {
    const arguments_ = [PROGRAM, JSON.stringify(this.#settings)]
    const child = spawn(process.execPath, arguments_, { stdio: ['pipe', 'pipe', 'inherit'] })
    child.stdin.on('error', () => {})
    const opened = new Promise<Told>((resolve) => this.#waiting.set(0, resolve))
    createInterface({ input: child.stdout }).on('line', (line) => this.#hear(JSON.parse(line) as Line))
    child.on('exit', () => this.#lose())
    this.#child = child
    if ((await opened) === 'lost') throw new Error('the store did not open')
  }

  #hear({ id, results }: Line): void {
    this.#waiting.get(id)?.(results[0] ?? 'unavailable')
    this.#waiting.delete(id)
  }

  #lose(): void {
    for (const settle of this.#waiting.values()) settle('lost')
    this.#waiting.clear()
    this.#child = undefined
  }

  ask(step: LeaseStep): Promise<Told> {
    if (this.#child === undefined) return Promise.resolve('lost')
    const id = this.#next++
    this.#child.stdin!.write(JSON.stringify({ id, steps: [step] }) + '\n')
    return new Promise((resolve) => this.#waiting.set(id, resolve))
  }

  /** Ends it at once and without warning. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
}
