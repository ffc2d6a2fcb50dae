import type { leases } from '@reboots/api'
import { Refused } from './calls.ts'
import type { ApiPorts } from './ports.ts'
import { readSubnet } from './read.ts'
import { showEvent, showLease } from './show.ts'

/** Most events in one response. */
const PART = 500

/**
 * What a watcher is sent: a snapshot, or what it missed, then every event. It is pulled: a watcher that reads slowly is given nothing in
 * advance, and when it comes back after the feed has moved on it is told to begin again, by another snapshot. So it costs one part of
 * a response, however far it is behind.
 */
export async function* onWatch(
  request: leases.WatchRequest,
  ports: ApiPorts,
  signal: AbortSignal,
): AsyncGenerator<leases.WatchResponse> {
  if (request.epoch === '' && request.revision !== 0n)
    throw new Refused('invalid', 'revision: means nothing without its epoch; leave out both for a snapshot')
  const { feed } = ports
  const close = feed.open()
  try {
    let { epoch } = request
    let revision = Number(request.revision)
    let told = false
    while (!signal.aborted) {
      const events = feed.since(epoch, revision, PART)
      if (events === undefined) {
        ;[epoch, revision] = [feed.epoch, feed.revision]
        yield* snapshot(epoch, revision, ports)
      } else if (events.length === 0 && told) {
        await feed.next(signal)
        continue
      } else {
        revision += events.length
        yield { ...response(epoch, revision), events: events.map(showEvent), synced: true }
      }
      told = true
    }
  } finally {
    close()
  }
}

/** Parts before the last have revision 0: whoever resumes from there has to begin again. */
async function* snapshot(epoch: string, revision: number, ports: ApiPorts): AsyncGenerator<leases.WatchResponse> {
  let reset = true
  for await (const piece of ports.leases.entries(ports.now(), readSubnet(''))) {
    const taken = piece.filter(({ record, hold }) => record.state !== 'offered' || hold !== undefined)
    yield { ...response(epoch, 0), reset, leases: taken.map(showLease) }
    reset = false
  }
  yield { ...response(epoch, revision), reset, synced: true }
}

function response(epoch: string, revision: number): leases.WatchResponse {
  return { epoch, revision: BigInt(revision), reset: false, leases: [], events: [], synced: false }
}
