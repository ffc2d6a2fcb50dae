import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { LeaseStep } from '@reboots/leases'

const PROGRAM = fileURLToPath(new URL('../../../services/dhcp/src/stores/store-process.fixture.ts', import.meta.url))

/** What a step came to; `left`: milliseconds. `lost`: the process died, nobody knows. */
export type Told =
  | {
      readonly state: 'offered' | 'bound' | 'declined'
      readonly address: number
      readonly left: number
      /** It was answered without Redis. */
      readonly alone?: boolean
    }
  | 'refused'
  | 'unavailable'
  | 'lost'

interface Line {
  readonly id: number
  readonly results: readonly Told[]
  readonly leases?: readonly (readonly [address: number, client: string])[]
}

/** A process with a store of leases, which can be killed and started again. */
export class Replica {
  readonly #settings: object
  readonly #environment: Readonly<Record<string, string>>
  readonly #waiting = new Map<number, (line: Line | undefined) => void>()
  #child: ChildProcess | undefined
  #next = 1

  /** `environment`: what it has besides that of this process. */
  constructor(settings: object, environment: Readonly<Record<string, string>> = {}) {
    this.#settings = settings
    this.#environment = environment
  }

  /** Resolves when the store is open. */
  async start(): Promise<void> {
    if (!(await this.opens())) throw new Error('the store did not open')
  }

  /** Starts it; false when it ends instead of opening its store. */
  async opens(): Promise<boolean> {
    const arguments_ = [PROGRAM, JSON.stringify(this.#settings)]
    const child = spawn(process.execPath, arguments_, {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, ...this.#environment },
    })
    child.stdin.on('error', () => {})
    const opened = new Promise<Line | undefined>((resolve) => this.#waiting.set(0, resolve))
    createInterface({ input: child.stdout }).on('line', (line) => this.#hear(line))
    child.on('exit', () => this.#lose())
    this.#child = child
    return (await opened) !== undefined
  }

  #hear(text: string): void {
    const line = parsed(text)
    if (line === undefined) return
    this.#waiting.get(line.id)?.(line)
    this.#waiting.delete(line.id)
  }

  #lose(): void {
    for (const settle of this.#waiting.values()) settle(undefined)
    this.#waiting.clear()
    this.#child = undefined
  }

  #say(message: object): Promise<Line | undefined> {
    if (this.#child === undefined) return Promise.resolve(undefined)
    const id = this.#next++
    this.#child.stdin!.write(JSON.stringify({ id, ...message }) + '\n')
    return new Promise((resolve) => this.#waiting.set(id, resolve))
  }

  async ask(step: LeaseStep): Promise<Told> {
    const line = await this.#say({ steps: [step] })
    return line?.results[0] ?? 'lost'
  }

  /** Who has which address; undefined when it cannot be told now. */
  async leases(): Promise<ReadonlyMap<number, string> | undefined> {
    const line = await this.#say({ steps: [] })
    return line?.leases && new Map(line.leases)
  }

  /** It stands still for so many milliseconds, and does not know that it did. */
  async pause(milliseconds: number): Promise<void> {
    const child = this.#child
    child?.kill('SIGSTOP')
    await delay(milliseconds)
    child?.kill('SIGCONT')
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

/** Of the last line of a process that was killed there may be only a part. */
function parsed(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line
  } catch {
    return undefined
  }
}
