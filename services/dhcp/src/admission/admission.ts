import { macOf, type DhcpMessage } from '@reboots/protocol/dhcp'
import { inSubnet, UNSPECIFIED, type Instant, type Ipv4Address } from '@reboots/protocol/net'
import { macList } from '@reboots/runtime'
import type { Cidr } from '../addressing/subnet-config.ts'
import type { Silence } from '../outcome.ts'
import type { Arrival } from '../ports.ts'
import type { AdmissionConfig } from './admission-config.ts'
import { RateLimit } from './rate-limit.ts'

/** Why a message is not even looked at; undefined: it is. */
export type Admission = (message: DhcpMessage, arrival: Arrival, now: Instant) => Silence | undefined

type Gate = (message: DhcpMessage, arrival: Arrival, now: Instant) => Silence | undefined

/** Only what is configured is looked at; nothing configured costs nothing. */
export function admissionOf(config: AdmissionConfig): Admission {
  const gates: readonly Gate[] = [
    ...(config.relays.length > 0 ? [onlyFrom(config.relays)] : []),
    ...(config.denyRelays.length > 0 ? [neverThrough(config.denyRelays)] : []),
    ...(config.denyMacs.length + config.denyOuis.length > 0 ? [neverOf(config)] : []),
    ...(config.relayPerSecond === undefined ? [] : [relaysAt(config.relayPerSecond)]),
    ...(config.clientPerSecond === undefined ? [] : [clientsAt(config.clientPerSecond)]),
  ]
  return (message, arrival, now) => {
    for (const gate of gates) {
      const silent = gate(message, arrival, now)
      if (silent !== undefined) return silent
    }
    return undefined
  }
}

/** By the source of the packet: giaddr is only what it says of itself. */
function onlyFrom(relays: readonly Cidr[]): Gate {
  return ({ giaddr }, { from }) =>
    giaddr === UNSPECIFIED || isIn(relays, from.address) ? undefined : 'untrusted-relay'
}

function neverThrough(relays: readonly Cidr[]): Gate {
  return ({ giaddr }) => (giaddr !== UNSPECIFIED && isIn(relays, giaddr) ? 'denied' : undefined)
}

function neverOf({ denyMacs, denyOuis }: AdmissionConfig): Gate {
  const isListed = macList(denyMacs, denyOuis)
  return (message) => (isListed(message) ? 'denied' : undefined)
}

function relaysAt(perSecond: number): Gate {
  const limit = new RateLimit<Ipv4Address>(perSecond)
  return ({ giaddr }, _, now) => (giaddr === UNSPECIFIED || limit.allows(giaddr, now) ? undefined : 'relay-too-fast')
}

function clientsAt(perSecond: number): Gate {
  const limit = new RateLimit<string>(perSecond)
  return (message, _, now) => (limit.allows(macOf(message), now) ? undefined : 'client-too-fast')
}

function isIn(networks: readonly Cidr[], address: Ipv4Address): boolean {
  return networks.some(({ network, mask }) => inSubnet(address, network, mask))
}
