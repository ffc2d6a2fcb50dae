import { setImmediate } from 'node:timers/promises'
import type { Ipv4Address } from '@reboots/protocol/net'

/** So much is done in one go: a millisecond or two. */
const GATHER = 20_000
const PIECE = 250

/**
 * Addresses in ascending order, in pieces, and nobody waits for long meanwhile: a million numbers sorted in one go would hold up every
 * packet. Addresses are gathered by their neighbourhood first, and each neighbourhood is sorted when its turn comes.
 */
export async function* ascending(
  addresses: Iterable<Ipv4Address>,
  wanted: (address: Ipv4Address) => boolean = () => true,
): AsyncGenerator<Ipv4Address[]> {
  const places = new Map<number, Ipv4Address[]>()
  let count = 0
  for (const address of addresses) {
    if (++count % GATHER === 0) await setImmediate()
    if (!wanted(address)) continue
    const place = places.get(address >>> 8)
    if (place === undefined) places.set(address >>> 8, [address])
    else place.push(address)
  }
  let piece: Ipv4Address[] = []
  for (const place of Float64Array.from(places.keys()).sort()) {
    piece.push(...places.get(place)!.toSorted((one, other) => one - other))
    if (piece.length < PIECE) continue
    yield piece
    piece = []
    await setImmediate()
  }
  yield piece
}
