import { leases } from '@reboots/api'
import { Refused } from './calls.ts'
import { carryOut } from './on-reserve.ts'
import type { ApiPorts } from './ports.ts'
import { readAddress, readClient } from './read.ts'
import { holderText, showLease } from './show.ts'

const WHAT: Readonly<Partial<Record<number, 'all' | 'lease' | 'hold'>>> = {
  [leases.ReleaseWhat.UNSPECIFIED]: 'all',
  [leases.ReleaseWhat.LEASE]: 'lease',
  [leases.ReleaseWhat.RESERVATION]: 'hold',
}

/** Ends what a client has of an address. Answers when that is durable. */
export async function onRelease(request: leases.ReleaseRequest, ports: ApiPorts): Promise<leases.ReleaseResponse> {
  const address = readAddress(request.address)
  if (request.client === '') throw new Refused('invalid', 'client: say whose it is, so that nobody else’s is released')
  const what = WHAT[request.what]
  if (what === undefined)
    throw new Refused('invalid', `what: ${String(request.what)} is none of lease, reservation, or 0 for all`)
  const names = readClient(request.client)
  const look = async () => (await ports.leases.look(address, ports.now()))[0]
  const before = await look()
  const client = names.find((name) => name === before?.record.client || name === before?.hold?.client) ?? names[0]
  await carryOut({ kind: 'free', client, address, what }, ports, async () => {
    const entry = await look()
    const holder = entry && holderText(entry)
    const whole = what === 'all'
    return holder === undefined
      ? `${request.address} is free, there is nothing to release`
      : `${request.address} is ${holder}${whole ? `, not ${client}’s` : '; that is not what was to be released'}`
  })
  const after = await look()
  return { lease: after && showLease(after) }
}
