import type { TransferEnd } from '@reboots/protocol/tftp'
import type { Metrics } from '@reboots/runtime'
import type { Refusal, Silence } from '../outcome.ts'
import type { Stray } from './transfer-run.ts'

/** What came: an opcode, or something that is none. */
export type Received = 'rrq' | 'wrq' | 'data' | 'ack' | 'error' | 'oack' | 'malformed'

export interface TftpMetrics {
  packet(received: Received, outcome: 'transfer' | Refusal | Silence): void
  stray(reason: Stray): void
  ended(end: TransferEnd, octets: number, retransmissions: number, seconds: number): void
}

const DURATIONS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

export function tftpMetrics(
  metrics: Metrics,
  gauges: { readonly active: () => number; readonly cached: () => number },
): TftpMetrics {
  const packets = metrics.counter(
    'reboots_tftp_packets_total',
    "Datagrams on the service's port, by what became of them",
    ['received', 'outcome'],
  )
  const strays = metrics.counter(
    'reboots_tftp_stray_packets_total',
    "Datagrams on a transfer's port that were not the transfer's",
    ['reason'],
  )
  const transfers = metrics.counter('reboots_tftp_transfers_total', 'Transfers that have ended', ['end'])
  const octets = metrics.counter('reboots_tftp_bytes_total', 'Octets of files that clients have acknowledged')
  const resent = metrics.counter('reboots_tftp_retransmissions_total', 'Packets sent more than once')
  const seconds = metrics.histogram('reboots_tftp_transfer_seconds', 'Duration of transfers', ['end'], DURATIONS)
  const active = metrics.gauge('reboots_tftp_active_transfers', 'Transfers under way')
  const cached = metrics.gauge('reboots_tftp_cache_bytes', 'File contents in memory')
  metrics.onScrape(() => {
    active.set(gauges.active())
    cached.set(gauges.cached())
  })
  return {
    packet: (received, outcome) => packets.inc({ received, outcome }),
    stray: (reason) => strays.inc({ reason }),
    ended(end, bytes, retransmissions, took) {
      transfers.inc({ end })
      octets.inc(bytes)
      resent.inc(retransmissions)
      seconds.observe({ end }, took)
    },
  }
}
