import { formatIpv4, parseIpv4, type Ipv4Address } from '@reboots/protocol/net'
import { CLIENT, FIRST_CLIENT } from './network.ts'

/** MAC and address of client n. */
export function clientOf(number: number): { readonly mac: string; readonly address: string } {
  const last = [number >> 16, number >> 8, number].map((octet) => (octet & 255).toString(16).padStart(2, '0'))
  return { mac: `02:00:00:${last.join(':')}`, address: formatIpv4((parseIpv4(FIRST_CLIENT)! + number) as Ipv4Address) }
}

export function clientsUpTo(count: number): readonly ReturnType<typeof clientOf>[] {
  return Array.from({ length: count }, (_, number) => clientOf(number))
}

/** What every server under test tells its clients. */
export const NETWORK = {
  netmask: '255.255.0.0',
  gateway: CLIENT,
  nameServer: CLIENT,
  domain: 'lab.example',
  leaseSeconds: 86_400,
} as const

/** A file for services/hardware with a record for each client, in the form of Smee's map by MAC. */
export function hardwareFile(count: number): string {
  const entry = ({ address }: { readonly address: string }) => ({
    ipAddress: address,
    subnetMask: NETWORK.netmask,
    defaultGateway: NETWORK.gateway,
    nameServers: [NETWORK.nameServer],
    domainName: NETWORK.domain,
    leaseTime: NETWORK.leaseSeconds,
    netboot: { allowPxe: true },
  })
  return JSON.stringify(Object.fromEntries(clientsUpTo(count).map((client) => [client.mac, entry(client)])))
}
