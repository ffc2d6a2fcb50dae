import { mock } from 'node:test'
import { format } from 'node:util'
import { formatRefusal, OperatorError } from '@reboots/runtime'
import type { Command } from './command.ts'

export interface Ran {
  readonly code: number
  /** What it wrote by `console`, to both of its outputs. */
  readonly output: string
}

/** Runs a command in this process, which takes a fraction of the time; what it starts, and what it asks, are the real services. */
export async function outputOf({ run }: Command, args: readonly string[]): Promise<Ran> {
  let output = ''
  const print = (...words: readonly unknown[]): void => void (output += `${format(...words)}\n`)
  const mocks = (['log', 'error'] as const).map((stream) => mock.method(console, stream, print))
  try {
    const code = await run(args)
    return { code, output }
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    return { code: 2, output: `${output}${formatRefusal('reboots', error.message, error.remedy)}\n` }
  } finally {
    for (const one of mocks) one.mock.restore()
  }
}
