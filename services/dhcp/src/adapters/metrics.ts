import type { LeaseTable } from '@reboots/leases'
import type { Instant } from '@reboots/protocol/net'
import type { Metrics } from '@reboots/runtime'

/** Shows how many addresses are taken, by state. */
export function gaugeLeases(metrics: Metrics, leases: LeaseTable, now: () => Instant): void {
  const gauge = metrics.gauge('reboots_dhcp_leases', 'Addresses taken: offered, bound, or declined and in quarantine', [
    'state',
  ])
  metrics.onScrape(() => {
    for (const [state, taken] of Object.entries(leases.count(now()))) gauge.set({ state }, taken)
  })
}
