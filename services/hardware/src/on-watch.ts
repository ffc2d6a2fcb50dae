import type { hardware } from '@reboots/api'
import { changeFrames, currentFrame, snapshotFrames, type Frame } from './roster/frames.ts'
import type { Roster } from './roster/roster.ts'

/**
 * What a watcher is sent: a snapshot, or what it missed, then every change. It is pulled: a watcher that reads slowly is given
 * nothing in advance, and when it comes back after the journal has moved on it is given a snapshot. So a watcher costs one frame and
 * the list of machines of the revision it is at, however far it is behind.
 *
 * A watcher that knows another history has machines already. While a source could not be read at all it is kept waiting with those,
 * rather than told that the machines of that source are gone.
 */
export async function* onWatch(
  request: hardware.WatchRequest,
  roster: Roster,
  signal: AbortSignal,
): AsyncGenerator<Frame> {
  const known = request.epoch === roster.epoch
  const holdsOthers = request.epoch !== '' && !known
  let at = known ? request.revision : 0n
  let told = false
  while (!signal.aborted) {
    const unknown = roster.revision === 0n || (at === 0n && holdsOthers && !roster.complete)
    const missed = roster.since(at)
    if (unknown || (told && missed?.length === 0)) {
      await roster.next(signal)
      continue
    }
    const revision = roster.revision
    if (missed === undefined) yield* snapshotFrames(roster.epoch, revision, roster.entries)
    else if (missed.length === 0) yield currentFrame(roster.epoch, revision)
    else for (const change of missed) yield* changeFrames(roster.epoch, change)
    at = revision
    told = true
  }
}
