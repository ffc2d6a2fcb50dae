import type { LeaseLedger } from '@reboots/leases'
import type { Instant } from '@reboots/protocol/net'
import type { Metrics } from '@reboots/runtime'

/** Shows how many addresses are taken, by state, and whether the books can be asked. */
export function gaugeLeases(metrics: Metrics, leases: LeaseLedger, now: () => Instant): void {
  const gauge = metrics.gauge('reboots_dhcp_leases', 'Addresses taken: offered, bound, or declined and in quarantine', [
    'state',
  ])
  const available = metrics.gauge('reboots_dhcp_lease_store_available', 'Whether the lease store can be asked')
  metrics.onScrape(() => {
    available.set(leases.problem === undefined ? 1 : 0)
    for (const [state, taken] of Object.entries(leases.count(now()))) gauge.set({ state }, taken)
  })
}
