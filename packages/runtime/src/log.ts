import pino, { type Logger } from 'pino'
import { formatLogLine } from './log-line.ts'

export type Log = Logger

export interface LogConfig {
  readonly level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  readonly format: 'json' | 'pretty'
}

type Destination = ReturnType<typeof pino.destination>

let stdout: Destination | undefined

/** One writer for the process. It does not wait for a slow reader: packets go on while lines queue, up to 8 MiB of them. */
function openStdout(): Destination {
  if (stdout !== undefined) return stdout
  const opened = pino.destination({ dest: 1, sync: false, maxLength: 8 * 1024 * 1024 })
  // The reader of the pipe is gone: there is nobody to tell, and it is no reason to stop serving.
  opened.on('error', () => {})
  process.on('exit', () => {
    try {
      opened.flushSync()
    } catch {
      // Not open yet, or the pipe is closed.
    }
  })
  stdout = opened
  return opened
}

/**
 * The log of a service, on standard output: JSON lines with ISO time, or lines for people. A level that is not printed costs one
 * call of an empty function; guard the making of expensive fields with `log.isLevelEnabled`.
 */
export function createLog(service: string, config: LogConfig): Log {
  const destination = openStdout()
  const options: pino.LoggerOptions = {
    level: config.level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  }
  if (config.format === 'json') return pino(options, destination)
  return pino(options, {
    write: (line: string) => {
      destination.write(
        `${formatLogLine(JSON.parse(line) as Record<string, unknown>, { color: process.stdout.isTTY })}\n`,
      )
    },
  })
}
