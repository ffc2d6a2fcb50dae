import type { Subject } from './subjects/subject.ts'

type Named = Pick<Subject, 'server' | 'setting' | 'addresses'>

export interface RateRow extends Named {
  /** Highest rates with less than 1 % loss, exchanges per second. */
  readonly storm: number
  readonly perfdhcp: number | undefined
  /** Microseconds of CPU for an exchange. */
  readonly cost: number
  /** MiB resident. */
  readonly memory: number
}

export interface LatencyRow extends Named {
  readonly cost: number
  /** Share of the exchanges. */
  readonly loss: number
  /** Microseconds. */
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export function rateTable(rows: readonly RateRow[]): string {
  /** Kea with addresses of the same kind; what serves canned ones is compared with its best. */
  const best = (server: Subject['server'], addresses?: Subject['addresses']) => {
    const of = rows.filter((row) => row.server === server)
    const same = of.filter((row) => row.addresses === addresses)
    return Math.max(0, ...(same.length > 0 ? same : of).map((row) => row.storm))
  }
  const times = (value: number, reference: number) => (reference === 0 ? '–' : (value / reference).toFixed(2))
  const share = (value: number, reference: number) =>
    reference === 0 ? '–' : `${Math.round((value / reference) * 100)} %`
  return markdown(
    ['server', 'addresses', 'setting', 'exchanges/s', '× Kea', 'of the ceiling', 'with perfdhcp', 'CPU µs each', 'MiB'],
    rows.map((row) => [
      row.server,
      row.addresses,
      row.setting,
      grouped(row.storm),
      times(row.storm, best('kea', row.addresses)),
      share(row.storm, best('ceiling')),
      row.perfdhcp === undefined ? '–' : grouped(row.perfdhcp),
      row.cost.toFixed(1),
      row.memory.toFixed(0),
    ]),
  )
}

export function latencyTable(rows: readonly LatencyRow[], rate: number): string {
  return markdown(
    ['server', 'addresses', 'setting', `p50 ms at ${grouped(rate)}/s`, 'p99 ms', 'max ms', 'lost', 'CPU µs each'],
    rows.map((row) => [
      row.server,
      row.addresses,
      row.setting,
      milliseconds(row.p50),
      milliseconds(row.p99),
      milliseconds(row.max),
      `${(row.loss * 100).toFixed(2)} %`,
      row.cost.toFixed(1),
    ]),
  )
}

function milliseconds(microseconds: number): string {
  return (microseconds / 1000).toFixed(2)
}

export function grouped(rate: number): string {
  return String(Math.round(rate)).replace(/\B(?=(\d{3})+$)/g, ' ')
}

export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`
  return `${line(head)}${line(head.map((_, i) => (i < 3 ? '---' : '--:')))}${rows.map(line).join('')}`
}
