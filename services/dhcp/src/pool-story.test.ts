import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leaseTime } from '@reboots/protocol/dhcp'
import { formatIpv4, type Seconds } from '@reboots/protocol/net'
import { machine } from '@reboots/testkit'
import * as fc from 'fast-check'
import type { Outcome, Reply } from './outcome.ts'
import { got, message, Site, typeOf, type Fields } from './site.fixture.ts'

const QUARANTINE = 100 as Seconds
const US = '192.168.1.1'
const MACS = [0, 1, 2, 3, 4, 5].map((last) => `52:54:00:aa:00:0${last}`)
const ADDRESSES = [8, 9, 10, 11, 12, 13].map((last) => `192.168.1.${last}`)
/** The first client has a reservation in the middle of a pool, the second one outside of them. */
const MACHINES = [
  machine({ mac: MACS[0]!, address: '192.168.1.11', dhcp: { leaseSeconds: 40 } }),
  machine({ mac: MACS[1]!, address: '192.168.1.9', dhcp: { leaseSeconds: 40 } }),
]
const RESERVED: Readonly<Record<string, string>> = { [MACS[0]!]: '192.168.1.11', [MACS[1]!]: '192.168.1.9' }
const SUBNETS = [
  {
    subnet: '192.168.1.0/24',
    pools: [{ range: '192.168.1.10-192.168.1.11' }, { range: '192.168.1.12-192.168.1.13', class: 'lab' }],
  },
]
const LAB = { options: { 77: new TextEncoder().encode('lab') } }

/** What a client does, each with an address that it may or may not have heard of before. */
const ACTIONS = {
  discover: (fields: Fields, address: string) => message('discover', { ...fields, requested: address }),
  commit: (fields: Fields, address: string) =>
    message('discover', { ...fields, requested: address, options: { ...fields.options, 80: new Uint8Array(0) } }),
  select: (fields: Fields, address: string) => message('request', { ...fields, requested: address, server: US }),
  selectOther: (fields: Fields) =>
    message('request', { ...fields, requested: '192.168.1.99', server: '192.168.1.250' }),
  reboot: (fields: Fields, address: string) => message('request', { ...fields, requested: address }),
  renew: (fields: Fields, address: string) => message('request', { ...fields, ciaddr: address }),
  release: (fields: Fields, address: string) => message('release', { ...fields, ciaddr: address, server: US }),
  decline: (fields: Fields, address: string) => message('decline', { ...fields, requested: address, server: US }),
} as const

/** What the clients have been told that they hold, as they see it: this is what must never contradict itself. */
class Clients {
  readonly #held = new Map<string, { readonly mac: string; readonly until: number }>()
  readonly #declined = new Map<string, number>()

  /** One message of a client is over, with this outcome. */
  see(mac: string, address: string, outcome: Outcome, now: number): void {
    const type = typeOf(outcome)
    if (type === 'released' && this.#held.get(address)?.mac === mac) this.#held.delete(address)
    if (type === 'declined') {
      this.#held.delete(address)
      this.#declined.set(address, now + QUARANTINE * 1000)
    }
    if ('reply' in outcome && type !== 'nak') this.#given(mac, outcome, type, now)
  }

  #given(mac: string, answer: Reply, type: string, now: number): void {
    const address = formatIpv4(answer.reply.yiaddr)
    const holder = this.#held.get(address)
    assert.ok(holder === undefined || holder.mac === mac || holder.until <= now, `${address} is held by ${holder?.mac}`)
    assert.ok((this.#declined.get(address) ?? 0) <= now, `${address} is in quarantine`)
    const owner = Object.keys(RESERVED).find((owner) => RESERVED[owner] === address)
    assert.ok(owner === undefined || owner === mac, `${address} is reserved`)
    assert.equal(RESERVED[mac] ?? address, address)
    if (type !== 'ack') return
    for (const [other, held] of this.#held) if (held.mac === mac) this.#held.delete(other)
    this.#held.set(address, { mac, until: now + got(answer, leaseTime)! * 1000 })
  }
}

test('whatever clients do on a network that loses and repeats packets, no two of them hold one address', () => {
  const packet = fc.record({
    action: fc.constantFrom(...(Object.keys(ACTIONS) as (keyof typeof ACTIONS)[])),
    mac: fc.constantFrom(...MACS),
    address: fc.constantFrom(...ADDRESSES),
    fields: fc.constantFrom<Fields>({}, LAB),
    pause: fc.nat(20),
  })
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 120, size: 'max' }), fc.boolean(), (packets, sharedLeases) => {
      const site = new Site({
        machines: MACHINES,
        unknown: true,
        dhcp: { subnets: SUBNETS, leaseSeconds: { default: 40 }, declineQuarantineSeconds: QUARANTINE },
        settings: { rapidCommit: true, quarantineTime: QUARANTINE, sharedLeases },
      })
      const clients = new Clients()
      for (const { action, mac, address, fields, pause } of packets) {
        site.wait(pause)
        clients.see(mac, address, site.ask(ACTIONS[action]({ mac, ...fields }, address)), site.now)
      }
    }),
    { numRuns: 300 },
  )
})
