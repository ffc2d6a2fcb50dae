import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { decodeMessage, encodeMessage, option, serverIdentifier, type DhcpMessage } from '@reboots/protocol/dhcp'
import { macOfBytes, type Datagram } from '@reboots/protocol/net'
import { machine } from '@reboots/testkit'
import { packetFields, type DhcpAnswer } from '@reboots/runtime'
import type { Outcome } from './outcome.ts'
import type { Link } from './ports.ts'
import { ip, LINK as HERE, message, NOBODY, pxe, Site } from './site.fixture.ts'

const VECTORS = new URL('../../../packages/protocol/vectors/', import.meta.url)

function vector(name: string): Uint8Array {
  return Uint8Array.from(Buffer.from(readFileSync(new URL(name, VECTORS), 'utf8').replaceAll(/\s/g, ''), 'hex'))
}

/** The network the vectors were recorded in. */
const LINK = { ...HERE, address: ip('192.168.77.1') }
const ADDRESS = '192.168.77.87'

/** What real firmware sends. */
const CLIENTS = readdirSync(VECTORS).filter((name) => /^v\d\d-.*-(discover|request)\.hex$/.test(name))

const datagram = (site: Site, bytes: Uint8Array): Datagram => ({ bytes, from: NOBODY, link: LINK.name, at: site.now })

/** Answers octets, and proves that the answer can be logged and read again. */
function answered(site: Site, bytes: Uint8Array, link: Link = LINK): DhcpAnswer<Outcome> {
  const came = datagram(site, bytes)
  const result = site.serve(came, link)
  assert.ok(JSON.stringify(packetFields(result, came, 67)).length > 0)
  if (result.send) assert.ok(decodeMessage(result.send.bytes).op === 'bootreply')
  return result
}

/** A site that knows whoever sent the message, at an address that fits it. */
function siteFor(request: DhcpMessage): Site {
  return new Site({ machines: [machine({ mac: macOfBytes(request.chaddr), address: ADDRESS })] })
}

describe('real clients (V1–V11)', () => {
  for (const name of CLIENTS) {
    const bytes = vector(name)
    const request = decodeMessage(bytes)
    /** The server that the recorded client had chosen, if it had. */
    const chosen = { ...LINK, address: option(request, serverIdentifier) ?? LINK.address }

    test(`${name}: silence when unknown, a reply that fits when known`, () => {
      const unknown = answered(new Site(), bytes)
      const known = answered(siteFor(request), bytes, chosen)
      assert.equal(unknown.fate, 'unknown-machine')
      assert.ok(known.send, known.fate)
      assert.ok(known.send.bytes.length >= 300 && known.send.bytes.length <= 1472)
    })

    test(`${name}: cut at every octet, it is answered or counted, never more`, () => {
      const site = siteFor(request)
      const fates = Array.from(bytes, (_, length) => answered(site, bytes.subarray(0, length)).fate)
      assert.deepEqual(new Set(fates.slice(0, 240)), new Set(['malformed']))
    })
  }

  test('there are vectors', () => assert.ok(CLIENTS.length >= 10))
})

describe('any datagram', () => {
  const cases: readonly [what: string, bytes: Uint8Array, fate: string][] = [
    ['0 octets', new Uint8Array(0), 'malformed'],
    ['239 octets', new Uint8Array(239), 'malformed'],
    ['64 KiB of zeros', new Uint8Array(65_507), 'malformed'],
    ['64 KiB of ones', new Uint8Array(65_507).fill(255), 'malformed'],
    ['an own offer', encodeMessage({ ...message('offer'), op: 'bootreply' }), 'not-a-client-message'],
    ['BOOTP', encodeMessage({ ...message('discover'), options: new Map() }), 'not-a-dhcp-message'],
  ]
  for (const [what, bytes, fate] of cases) {
    test(`${what}: ${fate}`, () => {
      const { fate: actual, send } = answered(new Site(), bytes)
      assert.deepEqual([actual, send], [fate, undefined])
    })
  }

  test('random octets are counted and dropped', () => {
    const site = new Site()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), (bytes) => {
        assert.equal(answered(site, bytes).send, undefined)
      }),
    )
  })

  test('a known machine that sends nonsense in its options gets a reply or a silence, and the reply can be read', () => {
    const site = siteFor(message('discover'))
    const nonsense = fc.dictionary(
      fc.constantFrom(
        ...[12, 43, 50, 51, 52, 53, 54, 55, 57, 60, 61, 66, 67, 77, 82, 93, 94, 97, 118, 175].map(String),
      ),
      fc.uint8Array({ maxLength: 300 }),
    )
    const header = fc.record({
      flags: fc.integer({ min: 0, max: 0xffff }),
      hops: fc.nat(255),
      giaddr: fc.constantFrom('0.0.0.0', '192.168.77.2', '10.0.0.1', '255.255.255.255'),
      ciaddr: fc.constantFrom('0.0.0.0', ADDRESS, '127.0.0.1'),
    })
    fc.assert(
      fc.property(fc.constantFrom(1, 3, 4, 7, 8), header, nonsense, fc.boolean(), (type, header, options, boots) => {
        const asked = message('discover', { ...header, options: { ...(boots ? pxe(7) : {}), ...options } })
        const bytes = encodeMessage({ ...asked, options: new Map(asked.options).set(53, Uint8Array.of(type)) })
        assert.ok(answered(site, bytes).fate.length > 0)
      }),
      { numRuns: 500 },
    )
  })

  test('a vector with octets changed gets a reply or a silence', () => {
    const original = vector(CLIENTS[0]!)
    const site = siteFor(decodeMessage(original))
    const change = fc.tuple(fc.nat(original.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const bytes = Uint8Array.from(original)
        for (const [at, octet] of changes) bytes[at] = octet
        assert.ok(answered(site, bytes).fate.length > 0)
      }),
      { numRuns: 500 },
    )
  })
})

test('a reply never exceeds what the client takes, and says what was left out (P8)', () => {
  const long = machine({
    mac: '52:54:00:aa:00:01',
    address: ADDRESS,
    dhcp: {
      hostname: 'h'.repeat(60),
      domainSearch: Array.from({ length: 30 }, (_, index) => `zone-${index}.very-long-name.example`),
      routes: Array.from({ length: 40 }, (_, index) => ({ destination: `10.${index}.0.0/16`, router: '192.168.77.9' })),
    },
  })
  const discover = message('discover', { asks: [1, 3, 12, 119, 121, 249], options: { 57: Uint8Array.of(2, 64) } })
  const { send, dropped } = answered(new Site({ machines: [long] }), encodeMessage(discover))
  assert.ok(send!.bytes.length <= 548)
  assert.ok(dropped!.length > 0)
})
