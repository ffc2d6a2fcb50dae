import type { AddressRange } from '@reboots/leases'
import { isDomainName, OPTION_NAMES, parseOption } from '@reboots/protocol/dhcp'
import { broadcastOf, formatIpv4, INFINITE, inSubnet, parseIpv4, type Seconds } from '@reboots/protocol/net'
import { didYouMean, fields, type Cidr } from '@reboots/runtime'
import { z } from 'zod'
import type { OptionValues } from './terms.ts'

export type { Cidr } from '@reboots/runtime'

export const { cidr } = fields

const range = z.string().transform((text, context): AddressRange => {
  const [first, last, ...more] = text.split('-').map((end) => parseIpv4(end.trim()))
  if (first !== undefined && last !== undefined && more.length === 0 && first <= last) return { first, last }
  context.addIssue({ code: 'custom', message: `must be first-last such as 192.0.2.10-192.0.2.99, not "${text}"` })
  return z.NEVER
})

/** Options by name or number, values as the registry has them. */
export const options = z
  .record(z.string(), z.unknown())
  .default({})
  .transform((written, context): OptionValues => {
    const values = new Map<number, Uint8Array>()
    for (const [key, value] of Object.entries(written)) {
      const option = parseOption(key, value)
      if (typeof option !== 'string') values.set(option.code, option.value)
      else {
        const hint = option === 'unknown option' ? didYouMean(key, OPTION_NAMES) : ''
        context.addIssue({ code: 'custom', message: `${option}${hint}`, path: [key] })
      }
    }
    return values
  })

const leaseTime = z
  .int()
  .min(1)
  .max(INFINITE)
  .transform((time) => time as Seconds)

/** Lease times by stage; what is absent is said elsewhere. */
export const leaseSeconds = z
  .object({
    default: leaseTime.optional().describe('Seconds of a lease; 4294967295 never ends'),
    firmware: leaseTime.optional().describe('Seconds while firmware boots, if that is shorter'),
    ipxe: leaseTime.optional().describe('Seconds while iPXE boots, if that is shorter'),
  })
  .default({})

/** What goes with a class that rules of the policy give. */
export const classes = z
  .record(
    z.string().min(1),
    z.object({ options, leaseSeconds, nextServer: fields.ipv4.optional(), bootFile: z.string().min(1).optional() }),
  )
  .default({})

const domain = z.string().refine((name) => name !== '' && isDomainName(name), {
  error: (issue) => `must be a domain name such as example.com, not "${String(issue.input)}"`,
})

const pool = z.object({ range, class: z.string().min(1).optional(), options })

const subnet = z.object({
  subnet: cidr,
  link: z.string().min(1).optional(),
  sharedNetwork: z.string().min(1).optional(),
  pools: z.array(pool).default([]),
  routers: z.array(fields.ipv4).default([]),
  nameServers: z.array(fields.ipv4).default([]),
  domain: domain.optional(),
  leaseSeconds,
  options,
  nextServer: fields.ipv4.optional(),
  bootFile: z.string().min(1).optional(),
  reservationsOnly: z.boolean().default(false),
})

export type SubnetConfig = z.infer<typeof subnet>

export const subnets = z
  .array(subnet)
  .superRefine((list, context) => {
    const report = (message: string, ...path: (string | number)[]): void =>
      context.addIssue({ code: 'custom', message, path })
    for (const [index, { subnet, pools }] of list.entries()) {
      const twin = list.slice(0, index).find((other) => overlaps(endsOf(other.subnet), endsOf(subnet)))
      if (twin !== undefined) report(`overlaps ${twin.subnet.text}`, index, 'subnet')
      for (const [number, { range }] of pools.entries()) {
        const problem = whatIsWrongWith(range, subnet, list, pools.slice(0, number), index)
        if (problem !== undefined) report(problem, index, 'pools', number, 'range')
      }
    }
  })
  .default([])

function whatIsWrongWith(
  range: AddressRange,
  { text, network, mask }: Cidr,
  list: readonly SubnetConfig[],
  before: readonly { readonly range: AddressRange }[],
  index: number,
): string | undefined {
  if (!inSubnet(range.first, network, mask) || !inSubnet(range.last, network, mask)) return `is not within ${text}`
  if (mask < 0xfffffffe && (range.first === network || range.last === broadcastOf(network, mask))) {
    return `has the address of the network itself, or its broadcast address`
  }
  const earlier = [...before, ...list.slice(0, index).flatMap((subnet) => subnet.pools)]
  const twin = earlier.find((other) => overlaps(other.range, range))
  return twin && `overlaps ${formatIpv4(twin.range.first)}-${formatIpv4(twin.range.last)}`
}

function endsOf({ network, mask }: Cidr): AddressRange {
  return { first: network, last: broadcastOf(network, mask) }
}

function overlaps(a: AddressRange, b: AddressRange): boolean {
  return a.first <= b.last && b.first <= a.last
}
