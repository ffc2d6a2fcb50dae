import { readdirSync, readFileSync } from 'node:fs'

/** Microseconds of CPU that all threads of a process have used, kernel included, from /proc/<pid>/task/<tid>/schedstat. */
export function cpuMicroseconds(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => sum + threadMicroseconds(pid, Number(thread)), 0)
}

/** The same of one thread. */
export function threadMicroseconds(pid: number, thread: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1000
}

/** Resident memory in MiB. */
export function residentMebibytes(pid: number): number {
  const [, kibibytes = '0'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kibibytes) / 1024
}
