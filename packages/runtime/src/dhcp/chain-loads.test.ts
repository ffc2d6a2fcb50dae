import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMac, type Instant } from '@reboots/protocol/net'
import type { BootClient, IpxeFeatures } from '@reboots/protocol/pxe'
import { ChainLoads } from './chain-loads.ts'

const ROM: IpxeFeatures = { version: '1.0.0', features: ['tftp', 'dns'] }
/** What it is sent to load, by mistake a build without HTTP too; and what it should be. */
const POOR: IpxeFeatures = { version: '1.21.1', features: ['tftp', 'dns', 'menu'] }
const RICH: IpxeFeatures = { version: '1.21.1', features: ['tftp', 'dns', 'http'] }

function client(
  ipxe: IpxeFeatures | undefined,
  mac = '52:54:00:00:00:01',
  loader: BootClient['loader'] = 'ipxe',
): BootClient {
  const rest = { arch: 0, archs: [0], firmware: 'bios', transport: 'tftp', vendorClass: '', userClass: [] } as const
  return { mac: parseMac(mac)!, loader, ...rest, ...(ipxe && { ipxe }) }
}

/** Messages of one card: what sends it, its transaction, the second it comes in, and whether it is sent to load another iPXE (or gets its URL). */
type Step = readonly [IpxeFeatures, xid: number, second: number, 'load' | 'url']
const stories: readonly (readonly [what: string, readonly Step[]])[] = [
  [
    'as it should be',
    [
      [ROM, 1, 0, 'load'],
      [ROM, 1, 1, 'load'],
      [RICH, 2, 9, 'url'],
    ],
  ],
  [
    'what it loads has no HTTP either',
    [
      [ROM, 1, 0, 'load'],
      [POOR, 2, 9, 'url'],
      [POOR, 2, 10, 'url'],
      [POOR, 3, 30, 'url'],
    ],
  ],
  [
    'the same build again and again, as when it is what is loaded',
    [
      [ROM, 1, 0, 'load'],
      [ROM, 2, 60, 'load'],
      [ROM, 3, 120, 'load'],
      [ROM, 4, 180, 'url'],
      [ROM, 5, 240, 'url'],
      [ROM, 6, 421, 'load'],
    ],
  ],
  [
    'the next day',
    [
      [ROM, 1, 0, 'load'],
      [RICH, 2, 9, 'url'],
      [ROM, 3, 86_400, 'load'],
      [RICH, 4, 86_409, 'url'],
    ],
  ],
  [
    'the machine is reset at once',
    [
      [ROM, 1, 0, 'load'],
      [RICH, 2, 9, 'url'],
      [ROM, 3, 30, 'load'],
      [RICH, 4, 39, 'url'],
    ],
  ],
]

for (const [what, steps] of stories) {
  test(`a card's iPXE without HTTP: ${what}`, () => {
    const loads = new ChainLoads()
    for (const [ipxe, xid, second, expected] of steps) {
      const settled = loads.settled(client(ipxe), xid, (second * 1000) as Instant)
      const got = settled.ipxe === undefined || settled.ipxe === RICH ? 'url' : 'load'
      assert.equal(got, expected, `transaction ${xid}`)
    }
  })
}

test('cards do not get into one another’s way, and of very many the oldest is forgotten', () => {
  const loads = new ChainLoads()
  const loadsAnother = (index: number, ipxe: IpxeFeatures): boolean => {
    const mac = `52:54:00:00:${hex(index >> 8)}:${hex(index & 255)}`
    return loads.settled(client(ipxe, mac), index, 0 as Instant).ipxe !== undefined
  }
  for (let card = 0; card < 9000; card++) assert.equal(loadsAnother(card, ROM), true)
  assert.deepEqual([loadsAnother(8999, POOR), loadsAnother(0, POOR)], [false, true])
})

test('firmware and what says nothing of itself pass as they are', () => {
  const loads = new ChainLoads()
  for (const one of [client(undefined), client(ROM, undefined, 'firmware'), client(RICH)]) {
    assert.equal(loads.settled(one, 1, 0 as Instant), one)
  }
})

function hex(octet: number): string {
  return octet.toString(16).padStart(2, '0')
}
