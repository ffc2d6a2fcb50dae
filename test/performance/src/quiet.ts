import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

const LOOK_MS = 300
const IDLE = 0.9

/** Waits until the machine has had nearly nothing to do for a moment, at most ten seconds: for figures from a machine with other users. */
export async function quiet(): Promise<void> {
  for (let tries = 0; tries < 10_000 / LOOK_MS; tries++) {
    const before = times()
    await sleep(LOOK_MS)
    const after = times()
    if (after.idle - before.idle > (after.all - before.all) * IDLE) return
  }
}

function times(): { readonly idle: number; readonly all: number } {
  let idle = 0
  let all = 0
  for (const core of cpus()) {
    idle += core.times.idle
    all += Object.values(core.times).reduce((sum, time) => sum + time, 0)
  }
  return { idle, all }
}
