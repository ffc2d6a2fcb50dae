import type { ChildProcess } from 'node:child_process'
import { commandLine, spawnCommand, type Command } from './command.ts'

/** One end of a process: exit code, or the name of the signal. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A program that was started and goes on running: its output so far, and a way to wait for more of it. */
export class Running {
  readonly name: string
  readonly pid: number
  /** Everything written to stdout and stderr so far, as text. */
  output = ''
  /** Set once the process has ended. */
  ending: Ending | undefined
  readonly ended: Promise<Ending>
  readonly #child: ChildProcess
  readonly #listeners = new Set<() => void>()

  /** `raw: true` leaves stdout to the caller, as octets (see `stdout`); only stderr is then part of `output`. */
  constructor(name: string, command: Command, options: { raw?: boolean } = {}) {
    this.name = name
    const child = spawnCommand(command)
    this.#child = child
    const { promise, resolve } = Promise.withResolvers<Ending>()
    this.ended = promise
    const end = (ending: Ending): void => {
      this.ending = ending
      processes.delete(this)
      this.#changed()
      resolve(ending)
    }
    child.once('error', (error) => {
      this.output += `${commandLine(command)}: ${error.message}\n`
      end({ code: 127, signal: null })
    })
    child.once('close', (code, signal) => end({ code, signal }))
    for (const stream of options.raw === true ? [child.stderr] : [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.#append(text))
    }
    this.pid = child.pid ?? -1
    processes.add(this)
  }

  get stdout(): NodeJS.ReadableStream {
    return this.#child.stdout!
  }

  /** Calls back at once and whenever there is more output or the process has ended; returns a way to stop that. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener)
    listener()
    return () => this.#listeners.delete(listener)
  }

  /** Resolves at the first match of the pattern in the output; rejects at the end of the process or after `within` ms. */
  async waitFor(pattern: RegExp, within = 30_000): Promise<RegExpExecArray> {
    const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>()
    const fail = (why: string): void => {
      reject(new Error(`${this.name}: ${why} before ${pattern} came; its output:\n${this.output.slice(-4000)}`))
    }
    const timer = setTimeout(() => fail(`${within} ms passed`), within)
    const unwatch = this.watch(() => {
      const match = pattern.exec(this.output)
      if (match !== null) resolve(match)
      else if (this.ending !== undefined) fail(`ended (${this.ending.signal ?? this.ending.code})`)
    })
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      unwatch()
    }
  }

  /** Asks the process to end, kills it if it has not after `grace` ms, and resolves when it is gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', grace = 5000): Promise<Ending> {
    if (this.ending !== undefined) return this.ending
    this.#child.kill(signal)
    const timer = setTimeout(() => this.kill(), grace)
    const ending = await this.ended
    clearTimeout(timer)
    return ending
  }

  kill(): void {
    if (this.ending === undefined) this.#child.kill('SIGKILL')
  }

  #append(text: string): void {
    this.output += text
    this.#changed()
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }
}

const processes = new Set<Running>()

/** For the way out of a process that was interrupted: nothing it started stays behind. */
export function killAll(): void {
  for (const running of processes) running.kill()
}
