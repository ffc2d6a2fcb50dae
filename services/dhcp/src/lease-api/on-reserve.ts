import type { leases } from '@reboots/api'
import type { LeaseStep } from '@reboots/leases'
import { formatIpv4, INFINITE, type Ipv4Address, type Seconds } from '@reboots/protocol/net'
import { Refused } from './calls.ts'
import type { ApiPorts } from './ports.ts'
import { readAddress, readClient } from './read.ts'
import { holderText, showLease } from './show.ts'

/** Keeps an address of a pool for a client. Answers when that is durable. */
export async function onReserve(request: leases.ReserveRequest, ports: ApiPorts): Promise<leases.ReserveResponse> {
  const address = readAddress(request.address)
  const client = readReserving(request.client, ports)
  const time = readTime(request.until, ports)
  mustBePooled(address, ports)
  await carryOut({ kind: 'hold', client, address, time }, ports, async () => {
    const [entry] = await ports.leases.look(address, ports.now())
    const holder = entry && holderText(entry)
    return holder === undefined
      ? `${request.address} is withheld from the pool: it is the address of a hardware record, a router, or an interface of a server`
      : `${request.address} is ${holder}; release it first, or choose another address`
  })
  const [entry] = await ports.leases.look(address, ports.now())
  return { lease: entry && showLease(entry) }
}

/** The store can be asked, and does not say: so it is when an address is lent to a replica. */
const KEPT =
  'a replica keeps this address for when Redis is gone (dhcp.leases.redis.split); choose another, or try again later'

/** Takes one step, durably; `why` says what a refusal is about. */
export async function carryOut(step: LeaseStep, { leases, now }: ApiPorts, why: () => Promise<string>): Promise<void> {
  const [result] = await leases.run([step], now())
  if (result === 'refused') throw new Refused('refused', await why())
  if (result !== 'unavailable') return
  const problem = leases.problem === undefined ? KEPT : `${leases.problem}; try again when /readyz is ready`
  throw new Refused('unavailable', `nothing was changed: ${problem}`)
}

/** Under which name the client will ask. */
function readReserving(text: string, { clientIdentity }: ApiPorts): string {
  const [name, ...others] = readClient(text)
  if (clientIdentity === 'mac' || others.length === 0) return name
  throw new Refused(
    'invalid',
    `client: ${text} is a MAC address, but clients are told apart by their identifiers here (dhcp.clientIdentity); most make theirs of it: ${others[0]}`,
  )
}

function readTime(until: Date | undefined, { now }: ApiPorts): Seconds {
  if (until === undefined) return INFINITE
  const seconds = Math.ceil((until.getTime() - now()) / 1000)
  if (seconds > 0 && seconds < INFINITE) return seconds as Seconds
  const why = seconds > 0 ? 'more than a century from now; leave it out for ever' : 'over already'
  throw new Refused('invalid', `until: ${until.toISOString()} is ${why}`)
}

function mustBePooled(address: Ipv4Address, { networks, machines }: ApiPorts): void {
  const text = formatIpv4(address)
  const subnet = networks.subnetOf(address)
  if (subnet === undefined) {
    throw new Refused('invalid', `address: ${text} is in no subnet of the configuration; see dhcp.subnets`)
  }
  if (!networks.isInPool(address)) {
    throw new Refused(
      'invalid',
      `address: ${text} is in ${subnet.text}, but in none of its pools: nobody is given it but by a hardware record`,
    )
  }
  if (networks.occupied.has(address)) {
    throw new Refused('invalid', `address: ${text} is that of a router, or of this server, and given to nobody`)
  }
  const machine = machines.byIp(address)?.machine
  if (machine === undefined) return
  throw new Refused(
    'refused',
    `${text} is reserved for ${machine.name || machine.interface.mac} by its hardware record; change the record, or choose another address`,
  )
}
