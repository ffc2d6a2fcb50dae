import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeMessage, encodeMessage, offer, type DhcpMessage } from '@reboots/protocol/dhcp'
import { parseIpv4, type Datagram, type Ipv4Address, type Seconds } from '@reboots/protocol/net'
import { Campaign, FuzzFailure } from './src/campaign.ts'
import type { Fate, Stand } from './src/stand.ts'

/* The campaign against services that do what none may: it has to notice each of them. */
const SERVER = parseIpv4('192.168.77.1')!
const OF_POOL = parseIpv4('192.168.77.100')!
const OF_NOBODY = parseIpv4('203.0.113.1')!
const TERMS = {
  subnetMask: parseIpv4('255.255.255.0')!,
  routers: [],
  domainNameServers: [],
  leaseTime: 3600 as Seconds,
}

const read = (bytes: Uint8Array): DhcpMessage | undefined => {
  try {
    return decodeMessage(bytes)
  } catch {
    return undefined
  }
}
const xidOf = ({ xid }: DhcpMessage): string => xid.toString(16).padStart(8, '0')
const MALFORMED: Fate = { fields: { received: 'malformed', silent: 'malformed' }, reply: undefined }

function silent({ bytes }: Datagram): Fate {
  const message = read(bytes)
  return message === undefined
    ? MALFORMED
    : { fields: { xid: xidOf(message), received: 'discover', silent: 'x' }, reply: undefined }
}

function offering(address: Ipv4Address, change = (reply: DhcpMessage): DhcpMessage => reply) {
  return (datagram: Datagram): Fate => {
    const message = read(datagram.bytes)
    // It has one fault at a time: replies of others are none of its business.
    if (message === undefined || message.op === 'bootreply') return silent(datagram)
    const reply = encodeMessage(change(offer(message, address, TERMS, SERVER)))
    const to = { kind: 'relay', to: { address: message.giaddr || SERVER, port: 67 } } as const
    return { fields: { xid: xidOf(message), received: 'discover', sent: 'offer' }, reply: { bytes: reply, to } }
  }
}

function stand(answer: (datagram: Datagram) => Fate, proxy = false, most = Infinity): Stand {
  const deliver = async (batch: readonly Datagram[]): Promise<readonly Fate[]> => batch.map(answer).slice(0, most)
  return {
    name: 'broken',
    identity: 'mac',
    proxy,
    doors: [{ link: 'lan0', port: 67, deliver }],
  }
}

const BROKEN: readonly (readonly [what: string, stand: Stand, noticed: RegExp])[] = [
  ['throws', stand(() => assert.fail('a bug')), /thrown: .*a bug/],
  ['forgets a datagram', stand(silent, false, 0), /datagrams, 0 fates/],
  ['gives everybody one address', stand(offering(OF_POOL)), /192\.168\.77\.100 is offered to .*, and was given to/],
  ['gives an address that is not its own', stand(offering(OF_NOBODY)), /an address that is not for this client/],
  ['gives addresses as a proxy', stand(offering(OF_POOL), true), /an address from a proxy/],
  [
    'takes itself for the client',
    stand(offering(OF_POOL, (reply) => ({ ...reply, op: 'bootrequest' }))),
    /a reply that is none/,
  ],
  ['answers another', stand(offering(OF_POOL, (reply) => ({ ...reply, xid: reply.xid ^ 1 }))), /another transaction/],
  [
    'does not say what it answers',
    stand(offering(OF_POOL, (reply) => ({ ...reply, options: new Map() }))),
    /a reply of type undefined/,
  ],
]

for (const [what, broken, noticed] of BROKEN) {
  test(`it is noticed that a service ${what}`, async () => {
    const campaign = new Campaign({ seed: 1, packets: 1000, stands: [broken] })
    await assert.rejects(campaign.run(), (error) => error instanceof FuzzFailure && noticed.test(error.message))
  })
}

test('a service that says nothing to anybody is none to complain of, and packets depend on nothing but the seed', async () => {
  const seen = async (seed: number): Promise<readonly string[]> => {
    const octets: string[] = []
    const quiet = stand((datagram) => {
      octets.push(Buffer.from(datagram.bytes).toString('hex'))
      return silent(datagram)
    })
    await new Campaign({ seed, packets: 500, stands: [quiet] }).run()
    return octets
  }
  const first = await seen(7)
  assert.equal(first.length, 500)
  assert.deepEqual(await seen(7), first)
  assert.notDeepEqual(await seen(8), first)
})
