import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { ChildMessage } from '@reboots/runtime'
import { ROOT } from '../repository.ts'
import type { ServiceName } from './services.ts'

export interface ServiceEvents {
  /** A line of its log, or of whatever else it printed. */
  line(service: ServiceName, text: string): void
  message(service: ServiceName, message: ChildMessage): void
  /** It is gone, and everything it printed has been seen. */
  ended(service: ServiceName, how: string): void
}

export interface ServiceProcess {
  readonly name: ServiceName
  signal(signal: NodeJS.Signals): void
}

/** Starts a service in a process of its own. It ends by itself when the channel to this process breaks. */
export function startService(name: ServiceName, env: NodeJS.ProcessEnv, events: ServiceEvents): ServiceProcess {
  const main = `${ROOT}/services/${name}/src/main.ts`
  const child = spawn(process.execPath, [main], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env })
  for (const stream of [child.stdout!, child.stderr!]) {
    createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => events.line(name, line))
  }
  child.on('message', (message) => events.message(name, message as ChildMessage))
  child.on('error', (error) => events.line(name, error.message))
  child.on('close', (code, signal) => events.ended(name, signal === null ? `exit ${code}` : signal))
  return { name, signal: (signal) => void child.kill(signal) }
}
