import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { decodeMessage, encodeMessage, messageType, type DhcpMessage } from '@reboots/protocol/dhcp'
import { UNSPECIFIED, type Endpoint, type Ipv4Address } from '@reboots/protocol/net'
import { packetFields, type DhcpAnswer } from '@reboots/runtime'
import { admissionOf } from './admission.ts'
import type { Outcome } from './outcome.ts'
import { levelOf, remarksOf } from './packet-line.ts'
import { answered, changed, ip, LINK, NOBODY, NOW, site, siteOf, UEFI, vector, vectorBytes } from './site.fixture.ts'

const names = readdirSync(new URL('../../../packages/protocol/vectors/', import.meta.url))
  .map((file) => /^(v\d\d-.*-(?:discover|request))\.hex$/.exec(file)?.[1])
  .filter((name) => name !== undefined)
const doors = [67, 4011] as const

/** A policy that lets everybody boot: nothing but the packet itself can lead to silence. */
const EVERYBODY_BOOTS = `
apiVersion: reboots/v1
kind: BootPolicy
profiles: { shell: { ipxe: { script: shell } } }
rules: []
otherwise: { boot: shell }
tests: []
`
const everybody = site({ policy: EVERYBODY_BOOTS })

/** The same, and firmware shows a menu. */
const choosing = site({
  policy: `
apiVersion: reboots/v1
kind: BootPolicy
profiles: { shell: { ipxe: { script: shell } } }
menus: { m: { timeoutSeconds: 5, entries: [{ title: Shell, boot: shell }, { title: Disk, boot: local-disk }] } }
rules: []
otherwise: { menu: m }
`,
  settings: { discovery: { broadcast: true, multicast: ip('224.0.1.2') } },
})

/** The same, for some machines only, and for those that have waited. */
const selective = site({
  policy: EVERYBODY_BOOTS,
  settings: {
    admission: admissionOf({ macs: [], ouis: ['52:54:00'], denyMacs: [], denyOuis: ['52:54:01'] }),
    minimumSecs: 2,
  },
})

/** Answers octets, and proves that what became of them can be logged. */
function tried(bytes: Uint8Array, port: 67 | 4011, from: Endpoint, ports = everybody): DhcpAnswer<Outcome> {
  const result = answered(bytes, port, ports, from)
  assert.ok(JSON.stringify(packetFields(result, { bytes, from, link: LINK.name, at: NOW }, port)).length > 0)
  return result
}

/** What must hold of every datagram: no address given away, no NAK, and nothing said to a client that is not booting. */
function assertHarmless({ send, message }: DhcpAnswer<Outcome>): void {
  const replies = send === undefined ? [] : [decodeMessage(send.bytes)]
  for (const reply of replies) {
    assert.equal(reply.op, 'bootreply')
    assert.equal(reply.yiaddr, UNSPECIFIED)
    assert.match(String(messageType(reply)), /^(offer|ack)$/)
    assert.match(String.fromCharCode(...(message?.options.get(60) ?? [])), /^(PXE|HTTP)Client/)
    assert.ok(send!.bytes.length >= 300 && send!.bytes.length <= 1472)
    assert.equal(
      [1, 3, 51, 58, 59].some((code) => reply.options.has(code)),
      false,
    )
  }
}

const address = fc.nat({ max: 0xffffffff }).map((value) => value as Ipv4Address)
const endpoint = fc.record({ address, port: fc.nat({ max: 65535 }) }, { noNullPrototype: true })

describe('any datagram', () => {
  test('any octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.constantFrom(...doors), endpoint, (bytes, port, from) => {
        assertHarmless(tried(bytes, port, from))
      }),
    )
  })

  test('real packets with octets overwritten', () => {
    const flips = fc.array(fc.tuple(fc.nat({ max: 400 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.constantFrom(...doors),
        endpoint,
        flips,
        (name, port, from, flipped) => {
          const bytes = Uint8Array.from(vectorBytes(name))
          for (const [at, value] of flipped) bytes[at] = value
          assertHarmless(tried(bytes, port, from))
        },
      ),
      { numRuns: 3000 },
    )
  })

  test('real packets with any options', () => {
    const code = fc.oneof(
      fc.constantFrom(43, 53, 54, 55, 57, 60, 61, 66, 67, 77, 82, 93, 97, 175),
      fc.integer({ min: 1, max: 254 }),
    )
    const options = fc.array(fc.tuple(code, fc.uint8Array({ maxLength: 300 })), { maxLength: 6 })
    const addresses = fc.record({ ciaddr: address, giaddr: address, yiaddr: address, siaddr: address })
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.constantFrom(...doors),
        endpoint,
        options,
        addresses,
        (name, port, from, entries, header) => {
          const message = vector(name)
          const made: DhcpMessage = {
            ...message,
            ...header,
            options: new Map([...message.options, ...entries.filter(([c]) => c !== 52)]),
          }
          for (const ports of [everybody, choosing, selective])
            assertHarmless(tried(encodeMessage(made), port, from, ports))
        },
      ),
      { numRuns: 3000 },
    )
  })

  for (const name of names) {
    test(`${name} cut at every octet`, () => {
      const bytes = vectorBytes(name)
      const fates = doors.flatMap((port) =>
        Array.from(bytes, (_, length) => tried(bytes.subarray(0, length), port, UEFI)),
      )
      fates.forEach(assertHarmless)
      assert.deepEqual(
        new Set(fates.filter((_, index) => index % bytes.length < 240).map(({ fate }) => fate)),
        new Set(['malformed']),
      )
    })
  }

  const cases: readonly (readonly [string, Uint8Array])[] = [
    ['0 octets', new Uint8Array(0)],
    ['239 octets', new Uint8Array(239)],
    ['64 KiB of zeros', new Uint8Array(65_507)],
    ['64 KiB of ones', new Uint8Array(65_507).fill(255)],
  ]
  for (const [what, bytes] of cases) {
    test(`${what}: malformed`, () => {
      const fates = doors.map((port) => tried(bytes, port, NOBODY))
      assert.deepEqual(
        fates.map(({ received, fate, send }) => [received, fate, send]),
        [
          ['malformed', 'malformed', undefined],
          ['malformed', 'malformed', undefined],
        ],
      )
    })
  }
})

test('an absurd maximum message size is no allocation size', () => {
  const message = changed(vector('v01-ovmf-x64-pxe-discover'), { 57: 'ff00' })
  const { send } = answered(encodeMessage(message), 67, siteOf(message), NOBODY)
  assert.ok(send !== undefined && send.bytes.length <= 1472)
})

describe('the line of a packet', () => {
  const ovmf = vector('v01-ovmf-x64-pxe-discover')
  const plain = changed(ovmf, { 60: undefined })
  const lines: readonly (readonly [string, DhcpMessage, ReturnType<typeof site>, string, Record<string, unknown>])[] = [
    [
      'plain DHCP is for debugging',
      plain,
      siteOf(ovmf),
      'debug',
      { received: 'discover', silent: 'not-a-network-boot-client' },
    ],
    [
      'a boot client is for people',
      ovmf,
      siteOf(ovmf),
      'info',
      {
        sent: 'offer',
        file: 'ipxe.efi',
        rule: 'known-machine',
        decision: 'boot hook',
        arch: 'x64-uefi',
        firmware: 'uefi-x64',
      },
    ],
    [
      'and so is a client that is refused',
      ovmf,
      siteOf(ovmf, false),
      'info',
      { sent: 'offer', decision: 'deny "netboot is not allowed in the hardware record"' },
    ],
    [
      'and one that is ignored',
      ovmf,
      site(),
      'info',
      { silent: 'ignored-by-policy', rule: 'otherwise', decision: 'ignore "the machine has no hardware record"' },
    ],
  ]
  for (const [what, message, ports, level, expected] of lines) {
    test(what, () => {
      const bytes = encodeMessage(message)
      const result = answered(bytes, 67, ports, NOBODY)
      const packet = packetFields(result, { bytes, from: NOBODY, link: LINK.name, at: NOW }, 67)
      const fields: Record<string, unknown> = { ...packet, ...remarksOf(result.outcome!) }
      assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, fields[key]])), expected)
      assert.deepEqual(
        [levelOf(result.outcome!), fields['port'], fields['mac'], fields['link']],
        [level, 67, '52:54:00:aa:01:01', 'lan0'],
      )
    })
  }
})
