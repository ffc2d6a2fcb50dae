import { spawn, type ChildProcess } from 'node:child_process'
import { delimiter } from 'node:path'

/** Where programs are looked for: PATH, and the directories that only root's PATH has. */
export const SEARCH_PATH = [process.env['PATH'] ?? '', '/usr/local/sbin', '/usr/sbin', '/sbin'].join(delimiter)

/** How to start a program: the arguments are handed over as they are, no shell in between. */
export interface Command {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** Runs a program to its end. Resolves to what it wrote to stdout; rejects with its stderr unless it exits with 0. */
export async function run(command: Command): Promise<string> {
  const child = spawnCommand(command)
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  child.once('error', reject)
  child.once('close', (code, signal) => {
    if (code === 0) resolve(stdout)
    else reject(new Error(`${commandLine(command)}: ${signal ?? `exit ${code}`}\n${stderr}${stdout}`))
  })
  return promise
}

export function spawnCommand({ command, args, env, cwd }: Command): ChildProcess {
  return spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: SEARCH_PATH, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  })
}

export function commandLine({ command, args }: Command): string {
  return [command, ...args].join(' ')
}
