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

/** The network that so many addresses from the first client's on fit into, with the server and the relay agent in it. */
export function networkFor(addresses: number): { readonly subnet: string; readonly netmask: string } {
  const fits = clientOf(addresses - 1).address.startsWith('10.77.')
  return fits ? { subnet: '10.77.0.0/16', netmask: '255.255.0.0' } : { subnet: '10.0.0.0/8', netmask: '255.0.0.0' }
}

/** What every server under test tells its clients. */
export const NETWORK = {
  gateway: CLIENT,
  nameServer: CLIENT,
  domain: 'lab.example',
  leaseSeconds: 86_400,
} as const

/** A file for services/hardware with a record for each client, in the form of Smee's map by MAC. */
export function hardwareFile(count: number): string {
  const entry = ({ address }: { readonly address: string }) => ({
    ipAddress: address,
    subnetMask: networkFor(count).netmask,
    defaultGateway: NETWORK.gateway,
    nameServers: [NETWORK.nameServer],
    domainName: NETWORK.domain,
    leaseTime: NETWORK.leaseSeconds,
    netboot: { allowPxe: true },
  })
  return JSON.stringify(Object.fromEntries(clientsUpTo(count).map((client) => [client.mac, entry(client)])))
}
