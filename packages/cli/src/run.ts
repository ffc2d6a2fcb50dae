import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { delimiter } from 'node:path'
import { BIN } from './repository.ts'

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

export interface Finished {
  /** Exit code; 128 and the number of the signal that ended it. */
  readonly code: number
  /** Both of its outputs, as they came. */
  readonly output: string
}

function environment(env: RunOptions['env']): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _, ...own } = process.env
  return { ...own, PATH: `${BIN}${delimiter}${process.env['PATH'] ?? ''}`, ...env }
}

function codeOf(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + constants.signals[signal ?? 'SIGKILL']
}

/** Runs a program to its end on our own terminal. Signals are handed on to it. */
export function runThrough(command: string, args: readonly string[], options: RunOptions = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', cwd: options.cwd, env: environment(options.env) })
    const handOn = (signal: NodeJS.Signals): void => void child.kill(signal)
    process.on('SIGTERM', handOn)
    // A terminal sends Ctrl-C to the program too; this process only has to stay until that has ended.
    process.on('SIGINT', waitForIt)
    const end = (): void => void child.kill('SIGTERM')
    process.once('disconnect', end)
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      process.off('disconnect', end)
      process.off('SIGTERM', handOn)
      process.off('SIGINT', waitForIt)
      resolve(codeOf(code, signal))
    })
  })
}

function waitForIt(): void {
  // Ends with the program.
}

/** Runs a program to its end and keeps what it prints. */
export function runQuietly(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return new Promise((resolve) => {
    const stdio = ['ignore', 'pipe', 'pipe'] as const
    const child = spawn(command, args, { stdio: [...stdio], cwd: options.cwd, env: environment(options.env) })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
    const end = (): void => void child.kill('SIGTERM')
    process.once('disconnect', end)
    child.on('error', (error) => resolve({ code: 127, output: `${command}: ${error.message}\n` }))
    child.on('close', (code, signal) => {
      process.off('disconnect', end)
      resolve({ code: codeOf(code, signal), output })
    })
  })
}
