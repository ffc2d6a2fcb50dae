import { parentPort, Worker, workerData } from 'node:worker_threads'

/*
 * A packet that is never done with blocks everything, timers too: so a thread of its own looks whether the number of the packet moves.
 */
const LOOK_MS = 5000

interface Watched {
  readonly progress: Int32Array
  /** How to see it again, without the number of packets. */
  readonly again: string
}

/** Watches `progress[0]`, the number of the packet; ends the process with the command that repeats it when it stands still. */
export function watch(again: string): { readonly at: (packet: number) => void; readonly stop: () => Promise<unknown> } {
  const progress = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL(import.meta.url), { workerData: { progress, again } satisfies Watched })
  return { at: (packet) => void (progress[0] = packet), stop: () => worker.terminate() }
}

if (parentPort !== null && isWatched(workerData)) {
  const { progress, again } = workerData
  let before = -1
  setInterval(() => {
    const packet = progress[0]!
    if (packet === before) {
      process.stderr.write(
        `packet ${packet} has not been done with for ${LOOK_MS / 1000} s:\n  ${again} --packets ${packet + 1}\n`,
      )
      process.kill(process.pid, 'SIGKILL')
    }
    before = packet
  }, LOOK_MS)
}

function isWatched(data: unknown): data is Watched {
  return typeof data === 'object' && data !== null && 'progress' in data && 'again' in data
}
