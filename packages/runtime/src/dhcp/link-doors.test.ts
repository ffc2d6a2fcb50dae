import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Ipv4Address } from '@reboots/protocol/net'
import { createLog } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { OperatorError } from '../operator-error.ts'
import type { UdpDoor } from '../udp/door.ts'
import type { UdpLink } from '../udp/links.ts'
import { LinkDoors, type AtLink } from './link-doors.ts'

const link = (name: string, address = 1): UdpLink =>
  ({ name, address: address as Ipv4Address, mask: 0xffffff00, index: 1 }) as UdpLink

/** Doors that lead nowhere, on ports 67 and 4011; `log` has what is opened and closed. */
function doors(t: TestContext, boundTo?: 'address') {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const log: string[] = []
  const taken = new Set<string>()
  const seen = new Map<string, AtLink>()
  const open = async ({ link, port }: { link: UdpLink; port: number }): Promise<UdpDoor> => {
    const name = `${link.name}:${port}`
    if (taken.has(name)) throw new OperatorError(`${name} is taken`, 'stop it')
    log.push(`open ${name} ${link.address}`)
    return {
      link,
      port,
      ...(boundTo && { boundTo }),
      send: () => {},
      close: async () => void log.push(`close ${name}`),
    }
  }
  const wanted = [67, 4011].map(
    (port) =>
      [
        port,
        (at: AtLink) => {
          seen.set(at.link.name, at)
          return () => {}
        },
      ] as const,
  )
  const silent = createLog('dhcp', { level: 'silent', format: 'json' })
  const all = new LinkDoors({ wanted, open, log: silent, metrics: createMetrics('dhcp') })
  const took = (): string[] => log.splice(0)
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  return { all, took, taken, seen, settled }
}

test('links come and go, and the others stay open', async (t) => {
  const { all, took, settled } = doors(t)
  await all.begin([link('a'), link('b')])
  assert.deepEqual(took(), ['open a:67 1', 'open a:4011 1', 'open b:67 1', 'open b:4011 1'])
  all.serve([link('b'), link('c', 3)])
  await settled()
  assert.deepEqual(took(), ['close a:67', 'close a:4011', 'open c:67 3', 'open c:4011 3'])
  assert.deepEqual(
    all.open.map((door) => `${door.link.name}:${door.port}`),
    ['b:67', 'b:4011', 'c:67', 'c:4011'],
  )
  await all.close()
  assert.deepEqual(took(), ['close b:67', 'close b:4011', 'close c:67', 'close c:4011'])
})

test('messages see another address at once, by the same door', async (t) => {
  const { all, took, seen, settled } = doors(t)
  await all.begin([link('a', 1)])
  took()
  all.serve([link('a', 2)])
  assert.equal(seen.get('a')!.link.address, 2)
  await settled()
  assert.deepEqual(took(), [])
})

test('a door that is bound to the address is opened anew, when the old one is closed', async (t) => {
  const { all, took, settled } = doors(t, 'address')
  await all.begin([link('a', 1)])
  took()
  all.serve([link('a', 2)])
  await settled()
  assert.deepEqual(took(), ['close a:67', 'close a:4011', 'open a:67 2', 'open a:4011 2'])
})

test('at the start a port that cannot be had is an error, and nothing stays open', async (t) => {
  const { all, took, taken } = doors(t)
  taken.add('b:4011')
  await assert.rejects(all.begin([link('a'), link('b')]), OperatorError)
  assert.deepEqual(took(), ['open a:67 1', 'open a:4011 1', 'open b:67 1', 'close b:67', 'close a:67', 'close a:4011'])
})

test('later it is tried again, as long as the link is wanted', async (t) => {
  const { all, took, taken, settled } = doors(t)
  await all.begin([])
  taken.add('a:4011').add('b:67')
  all.serve([link('a'), link('b')])
  await settled()
  assert.deepEqual(took(), ['open a:67 1', 'close a:67'])
  all.serve([link('a')])
  taken.clear()
  await settled()
  took()
  t.mock.timers.tick(5000)
  await settled()
  assert.deepEqual(
    all.open.map(({ port }) => port),
    [67, 4011],
  )
})

test('what is closed does not open again', async (t) => {
  const { all, took, taken, settled } = doors(t)
  await all.begin([])
  taken.add('a:67')
  all.serve([link('a')])
  await settled()
  taken.clear()
  await all.close()
  t.mock.timers.tick(5000)
  await settled()
  assert.deepEqual([took(), all.open], [[], []])
})
