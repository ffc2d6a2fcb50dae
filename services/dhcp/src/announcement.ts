import { SERVER_PORT } from '@reboots/protocol/dhcp'
import { formatIpv4 } from '@reboots/protocol/net'
import type { Listen } from '@reboots/runtime'
import type { Link } from './ports.ts'

/** What the operator reads once the service runs: where it listens, and who will be answered. */
export function announcement(
  links: readonly Link[],
  others: Readonly<Record<string, string>>,
  servesUnknown: boolean,
  probing?: readonly string[],
): [listens: readonly Listen[], answers: string] {
  const listens = links.map(({ name, address }) => ({
    what: 'DHCP',
    address: `${formatIpv4(address)}:${SERVER_PORT} on ${name}`,
  }))
  const rest = servesUnknown ? 'addresses of the pools for all others' : 'silence for all others'
  const answers = `addresses and boot files for the machines in the hardware records, ${rest}`
  return [
    [...listens, ...Object.entries(others).map(([what, address]) => ({ what, address }))],
    `${answers}${wordsOn(probing)}`,
  ]
}

function wordsOn(probing: readonly string[] | undefined): string {
  if (probing === undefined) return ''
  return probing.length === 0
    ? '; addresses of pools are not probed before they are offered, the warning above says why'
    : `; addresses of pools are probed first: ${probing.join(', ')}`
}
