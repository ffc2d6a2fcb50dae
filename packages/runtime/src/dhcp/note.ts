import type { Datagram } from '@reboots/protocol/net'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { Tally } from '../tally.ts'
import type { DhcpAnswer, DhcpOutcome } from './answer.ts'
import { packetFields } from './packet-line.ts'

export interface NoteOptions<O extends DhcpOutcome> {
  /** Part of the metric's name. */
  readonly name: string
  /** How loud the line of a decided packet is. What cannot be read or is dropped unread is `debug`. */
  level(outcome: O): 'debug' | 'info' | 'warn'
  /** Fields to add to its line. */
  remarks(outcome: O): Readonly<Record<string, unknown>>
  readonly log: Log
  readonly metrics: Metrics
}

/** Counts and logs one datagram; `port` is the one it came in by. */
export type TakeNote<O extends DhcpOutcome> = (answer: DhcpAnswer<O>, datagram: Datagram, port: number) => void

/** One count and, if the level is printed, one line for each datagram. */
export function noteTaker<O extends DhcpOutcome>(options: NoteOptions<O>): TakeNote<O> {
  const { name, log, metrics } = options
  const tallies = new Map<number, Tally<string, string>>()
  const tallyOf = (port: number): Tally<string, string> => {
    const help = 'Datagrams received, by port, by type and by what became of them'
    const labels = ['received', 'outcome'] as const
    return new Tally(metrics, `reboots_${name}_packets_total`, help, labels, { port: String(port) })
  }
  return (answer, datagram, port) => {
    let tally = tallies.get(port)
    if (tally === undefined) tallies.set(port, (tally = tallyOf(port)))
    tally.add(answer.received, answer.fate)
    const { outcome } = answer
    const level = outcome === undefined ? 'debug' : options.level(outcome)
    if (!log.isLevelEnabled(level)) return
    const remarks = outcome === undefined ? {} : options.remarks(outcome)
    log[level]({ ...packetFields(answer, datagram, port), ...remarks }, 'packet')
  }
}
