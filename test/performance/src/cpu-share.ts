import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** The controller by which single threads can be held to a share of a core (Documentation/scheduler/sched-bwc.rst). */
const CONTROLLER = '/sys/fs/cgroup/cpu'
/** Microseconds: short, so that what waits for the next period waits in buffers and is not lost. */
const PERIOD = 20_000

export const cpuSharesMissing: string | false =
  !existsSync(`${CONTROLLER}/cpu.cfs_quota_us`) && `needs the cpu controller of cgroup v1 at ${CONTROLLER}`

/** Threads that together get no more than a share of one core, while it lasts. */
export interface CpuShare {
  add(thread: number): void
  /** Only when the threads have ended. */
  close(): void
}

export function cpuShare(name: string, percent: number): CpuShare {
  const directory = path.join(CONTROLLER, `pf-${process.pid}-${name}`)
  mkdirSync(directory)
  const write = (file: string, number: number): void => writeFileSync(path.join(directory, file), String(number))
  write('cpu.cfs_period_us', PERIOD)
  write('cpu.cfs_quota_us', (PERIOD * percent) / 100)
  return { add: (thread) => write('tasks', thread), close: () => rmdirSync(directory) }
}

export function threadsOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).map(Number)
}
