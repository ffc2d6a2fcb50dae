import { formatIpv4, prefixOfMask, type Ipv4Address } from '@reboots/protocol/net'
import { run } from '../lan/command.ts'

/**
 * The interface before it has an address: what is sent to 255.255.255.255 leaves by it with source 0.0.0.0, as
 * RFC 2131 §4.1 wants. Takes root, and a network namespace that has nothing else to do.
 */
export async function clearLink(link: string): Promise<void> {
  await ip('address', 'flush', 'dev', link)
  await ip('link', 'set', link, 'up')
  await ip('route', 'replace', 'default', 'dev', link)
}

/** The address that a DHCP server has bound for this machine, and the router if it has named one. */
export async function configureLink(
  link: string,
  address: Ipv4Address,
  mask: Ipv4Address,
  router?: Ipv4Address,
): Promise<void> {
  const prefix = prefixOfMask(mask)
  if (prefix === undefined) throw new Error(`${formatIpv4(mask)} is no subnet mask`)
  await ip('address', 'add', `${formatIpv4(address)}/${prefix}`, 'dev', link)
  if (router !== undefined) await ip('route', 'replace', 'default', 'via', formatIpv4(router), 'dev', link)
}

async function ip(...args: string[]): Promise<void> {
  await run({ command: 'ip', args: ['-4', ...args] })
}
