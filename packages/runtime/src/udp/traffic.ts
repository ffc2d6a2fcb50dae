import type { Metrics } from '../metrics.ts'

/** What a door counts, since it was opened. */
export interface Traffic {
  received: number
  /** Thrown away by the kernel before we could read them, as of the last look. */
  dropped: number
  sent: number
  unsent: number
}

export function noTraffic(): Traffic {
  return { received: 0, dropped: 0, sent: 0, unsent: 0 }
}

const COUNTERS = [
  ['received', 'reboots_udp_received_total', 'Datagrams received'],
  ['dropped', 'reboots_udp_dropped_total', 'Datagrams that the kernel threw away because we did not read fast enough'],
  ['sent', 'reboots_udp_sent_total', 'Datagrams handed to the kernel'],
  ['unsent', 'reboots_udp_send_errors_total', 'Datagrams that the kernel did not take'],
] as const

/** Shows the traffic of a door. `look` brings it up to date. What it returns shows the last of it, and ends that. */
export function showTraffic(
  metrics: Metrics,
  door: { readonly link: string; readonly port: number },
  look: () => Traffic,
): () => void {
  const shown = noTraffic()
  const labels = { link: door.link, port: String(door.port) }
  const counters = COUNTERS.map(([key, name, help]) => [key, metrics.counter(name, help, ['link', 'port'])] as const)
  const show = (): void => {
    const traffic = look()
    for (const [key, counter] of counters) {
      counter.inc(labels, traffic[key] - shown[key])
      shown[key] = traffic[key]
    }
  }
  const end = metrics.onScrape(show)
  return () => {
    end()
    show()
  }
}
