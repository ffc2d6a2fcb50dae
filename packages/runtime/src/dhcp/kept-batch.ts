import type { Datagram } from '@reboots/protocol/net'

/** The batch with octets of its own, for datagrams that outlive the call they were delivered by: one copy for all of them. */
export function keptBatch(batch: readonly Datagram[]): readonly Datagram[] {
  let length = 0
  for (const { bytes } of batch) length += bytes.length
  const octets = new Uint8Array(length)
  let at = 0
  return batch.map((datagram) => {
    const { bytes } = datagram
    octets.set(bytes, at)
    const kept = octets.subarray(at, (at += bytes.length))
    return { ...datagram, bytes: kept }
  })
}
