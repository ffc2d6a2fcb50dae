import { formatIpv4, maskOfPrefix, networkOf, parseIpv4, type Ipv4Address } from '@reboots/protocol/net'
import { z } from 'zod'

/** `192.0.2.0/24`, without bits behind the prefix. */
export interface Cidr {
  readonly text: string
  readonly network: Ipv4Address
  readonly mask: Ipv4Address
}

export const cidr = z.string().transform((text, context): Cidr => {
  const [, address = '', bits = '33'] = /^([\d.]+)\/(\d{1,2})$/.exec(text) ?? []
  const network = parseIpv4(address)
  const prefix = Number(bits)
  if (network !== undefined && prefix <= 32) {
    const mask = maskOfPrefix(prefix)
    if (networkOf(network, mask) === network) return { text, network, mask }
    const meant = `${formatIpv4(networkOf(network, mask))}/${prefix}`
    context.addIssue({ code: 'custom', message: `${text} has bits behind its prefix, is ${meant} meant?` })
    return z.NEVER
  }
  context.addIssue({ code: 'custom', message: `must be a network such as 192.0.2.0/24, not "${text}"` })
  return z.NEVER
})
