import pino, { type Logger } from 'pino'
import { lineWriter } from './line-writer.ts'
import { formatLogLine } from './log-line.ts'

export type Log = Logger

export interface LogConfig {
  readonly level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  readonly format: 'json' | 'pretty'
}

const stdout = lineWriter(1)
process.on('exit', () => stdout.flushSync())

/** Before a process ends: what was logged is out, unless nobody reads it. */
export function flushLog(): Promise<void> {
  return stdout.flush()
}

/**
 * The log of a service, on standard output: JSON lines with ISO time, or lines for people. A level that is not printed costs one
 * call of an empty function; guard the making of expensive fields with `log.isLevelEnabled`.
 */
export function createLog(service: string, config: LogConfig): Log {
  const options: pino.LoggerOptions = {
    level: config.level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  }
  if (config.format === 'json') return pino(options, { write: (line: string) => stdout.write(line) })
  const style = { color: process.stdout.isTTY }
  return pino(options, {
    write: (line: string) => stdout.write(`${formatLogLine(JSON.parse(line) as Record<string, unknown>, style)}\n`),
  })
}
