import type { LeaseStore } from '@reboots/leases'
import type { Ipv4Address } from '@reboots/protocol/net'
import type { Networks } from './networks.ts'

/**
 * Keeps from the pools what is not for whoever comes: addresses of the network itself at once, and those of hardware records as they
 * come and go. The function it returns is to be called with each address that a change of the records touched; `isReserved` tells what
 * it is now. Who holds an address when it is reserved keeps it to the end of the lease.
 */
export function withhold(
  store: Pick<LeaseStore, 'reserve' | 'unreserve'>,
  networks: Networks,
  isReserved: (address: Ipv4Address) => boolean,
): (addresses: Iterable<Ipv4Address>) => void {
  const { occupied } = networks
  for (const address of occupied) if (networks.isInPool(address)) store.reserve(address)
  return (addresses) => {
    for (const address of addresses) {
      if (!networks.isInPool(address) || occupied.has(address)) continue
      if (isReserved(address)) store.reserve(address)
      else store.unreserve(address)
    }
  }
}
