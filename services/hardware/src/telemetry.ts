import type { Log, Metrics } from '@reboots/runtime'
import type { Load } from './adapters/file-source.ts'
import type { Observer } from './handle.ts'
import { formatProblem, type Problem } from './records/problem.ts'
import type { Roster } from './roster/roster.ts'

/** So many problems are written out after each load; the rest is counted. */
const MOST_LINES = 100

export interface Telemetry extends Observer {
  loaded(load: Load): void
}

/** What this service tells about itself. */
export function openTelemetry(log: Log, metrics: Metrics, roster: Roster): Telemetry {
  const calls = metrics.counter('reboots_hardware_calls_total', 'Calls that ended', ['method', 'outcome'])
  const watchers = metrics.gauge('reboots_hardware_watchers', 'Watch streams that are open')
  const machines = metrics.gauge('reboots_hardware_machines', 'Machines served')
  const revision = metrics.gauge('reboots_hardware_revision', 'Revision of the machines served')
  const problems = metrics.gauge('reboots_hardware_problems', 'What is wrong in the files now', ['severity'])
  const loads = metrics.counter('reboots_hardware_loads_total', 'Times the files were looked at', ['outcome'])
  const duration = metrics.histogram(
    'reboots_hardware_load_seconds',
    'Reading the files that changed',
    [],
    LOAD_BUCKETS,
  )
  const logNew = problemLog(log)
  return {
    ended: (method, outcome) => calls.inc({ method, outcome }),
    watchers: (open) => watchers.set(open),
    loaded(load) {
      machines.set(roster.entries.length)
      revision.set(Number(roster.revision))
      for (const severity of ['unreadable', 'refused', 'warning'] as const) {
        problems.set({ severity }, load.problems.filter((problem) => problem.severity === severity).length)
      }
      loads.inc({ outcome: load.changes > 0 ? 'changed' : 'unchanged' })
      duration.observe(load.seconds)
      logNew(load.problems)
      if (load.changes > 0) {
        const { changes } = load
        const seconds = Number(load.seconds.toFixed(3))
        log.info({ machines: roster.entries.length, changes, revision: Number(roster.revision), seconds }, 'machines')
      }
    },
  }
}

const LOAD_BUCKETS = [0.001, 0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30]

/** Logs each problem once, when it comes up; and once more when it is back after it was gone. */
function problemLog(log: Log): (problems: readonly Problem[]) => void {
  let known: ReadonlySet<string> = new Set()
  return (problems) => {
    const lines = new Map(problems.map((problem) => [formatProblem(problem), problem]))
    const fresh = [...lines].filter(([line]) => !known.has(line))
    for (const [line, { severity }] of fresh.slice(0, MOST_LINES)) {
      if (severity === 'warning') log.warn(line)
      else log.error(severity === 'refused' ? `${line} (this record is not served)` : line)
    }
    if (fresh.length > MOST_LINES) log.error(`and ${fresh.length - MOST_LINES} problems more in the machine files`)
    known = new Set(lines.keys())
  }
}
