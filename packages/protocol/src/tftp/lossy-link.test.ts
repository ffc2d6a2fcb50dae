import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Seconds } from '../net/index.ts'
import { memoryContent, negotiate, netasciiContent, ReadTransfer } from './index.ts'
import { generator, LossyLink, type Impairment, type Outcome } from './lossy-link.fixture.ts'

const LIMITS = { blksize: 65464, windowsize: 64, timeout: 1 as Seconds }

/** A little more than all block numbers at eight octets each, twice. */
const OCTETS = new Uint8Array(2 * 65536 * 8 + 64)
const random = generator(1)
for (let i = 0; i < OCTETS.length; i++) OCTETS[i] = random() * 256

function fileOf(size: number): Uint8Array {
  return OCTETS.subarray(0, size)
}

function fetchOver(file: Uint8Array, options: Record<string, number>, impairment: Impairment): Outcome {
  const asked = new Map(Object.entries(options).map(([name, value]) => [name, String(value)]))
  const negotiated = negotiate(asked, file.length, LIMITS)
  return new LossyLink(new ReadTransfer(memoryContent(file), negotiated), negotiated.use, impairment).run()
}

const assertSame = (received: Uint8Array, file: Uint8Array): void => assert.ok(Buffer.from(file).equals(received))

/** What the link does, and how many times the blocks of the file may leave at most, for windows of 1, 4, 16 and 64. */
const LINKS: Readonly<Record<string, readonly [Omit<Impairment, 'seed'>, readonly number[]]>> = {
  'a clean link': [{ loss: 0, duplication: 0, reorder: 0, delay: 1 }, [1, 1, 1, 1]],
  'a long link': [{ loss: 0, duplication: 0, reorder: 0, delay: 400 }, [1, 1, 1, 1]],
  '1 % loss': [{ loss: 0.01, duplication: 0, reorder: 0, delay: 1 }, [1.2, 1.3, 1.6, 2.5]],
  '5 % loss': [{ loss: 0.05, duplication: 0, reorder: 0, delay: 5 }, [1.4, 1.8, 2.5, 5]],
  '10 % loss': [{ loss: 0.1, duplication: 0, reorder: 0, delay: 25 }, [1.6, 2.2, 3.5, 10]],
  '10 % duplicates': [{ loss: 0, duplication: 0.1, reorder: 0, delay: 1 }, [1, 1.4, 1.6, 1.8]],
  '10 % out of order': [{ loss: 0, duplication: 0, reorder: 0.1, delay: 2 }, [1.1, 1.8, 3.5, 10]],
  'everything at once': [{ loss: 0.05, duplication: 0.05, reorder: 0.05, delay: 5 }, [1.4, 2, 8, 12]],
}
const WINDOWS = [1, 4, 16, 64]

for (const [name, [link, bounds]] of Object.entries(LINKS)) {
  for (const [index, windowsize] of WINDOWS.entries()) {
    test(`${name}, window ${windowsize}: the file arrives octet for octet, and is not sent over and over`, () => {
      const file = fileOf(400_000)
      const blocks = Math.floor(file.length / 1468) + 1
      for (const seed of [1, 2, 3]) {
        const { received, end, dataSent } = fetchOver(file, { blksize: 1468, windowsize }, { ...link, seed })
        assertSame(received, file)
        assert.equal(end, 'complete')
        assert.ok(dataSent <= blocks * bounds[index]!, `${dataSent} packets for ${blocks} blocks`)
      }
    })
  }
}

const WRAPS: readonly [string, number, number][] = [
  ['lock-step', 8, 1], // T4
  ['a window over the wrap', 8, 7],
  ['an exact multiple', 4, 64],
]

for (const [name, extra, windowsize] of WRAPS) {
  test(`block numbers go on with 0 after 65535: ${name}`, () => {
    const file = fileOf(2 * 65536 * 8 + extra)
    const clean = { loss: 0, duplication: 0, reorder: 0, delay: 1, seed: 1 }
    const { received, end } = fetchOver(file, { blksize: 8, windowsize }, clean)
    assertSame(received, file)
    assert.equal(end, 'complete')
  })
}

test('any file, block, window and link that loses less than a fifth: what arrives is the file', () => {
  const impairment = fc.record({
    seed: fc.nat(),
    loss: fc.double({ min: 0, max: 0.18, noNaN: true }),
    duplication: fc.double({ min: 0, max: 0.3, noNaN: true }),
    reorder: fc.double({ min: 0, max: 0.3, noNaN: true }),
    delay: fc.integer({ min: 1, max: 50 }),
  })
  const options = fc.record({ blksize: fc.integer({ min: 8, max: 600 }), windowsize: fc.integer({ min: 1, max: 70 }) })
  fc.assert(
    fc.property(fc.nat(20_000), options, impairment, (size, asked, link) => {
      const file = fileOf(size)
      const { received, end } = fetchOver(file, asked, link)
      assertSame(received.subarray(0, file.length), file.subarray(0, received.length))
      assert.ok(end === 'timed-out' || received.length === file.length)
    }),
    { numRuns: 150 },
  )
})

test('a client that is gone costs the first packet and seven more, no matter what it asked for', () => {
  const dead = { loss: 1, duplication: 0, reorder: 0, delay: 1, seed: 1 }
  const { end, dataSent, took } = fetchOver(fileOf(100_000), {}, dead)
  assert.deepEqual({ end, dataSent, took }, { end: 'timed-out', dataSent: 8, took: 47_000 })
  assert.equal(fetchOver(fileOf(100_000), { windowsize: 64 }, dead).dataSent, 0)
})

test('netascii over a bad link', () => {
  const text = Buffer.from('line\nline\r\nline\r'.repeat(2000))
  const negotiated = negotiate(new Map([['windowsize', '8']]), undefined, LIMITS)
  const transfer = new ReadTransfer(netasciiContent(memoryContent(text), negotiated.use.windowsize), negotiated)
  const link = new LossyLink(transfer, negotiated.use, {
    loss: 0.05,
    duplication: 0.05,
    reorder: 0.05,
    delay: 2,
    seed: 9,
  })
  const expected = text.toString('latin1').replace(/[\r\n]/g, (octet) => (octet === '\n' ? '\r\n' : '\r\0'))
  assert.equal(Buffer.from(link.run().received).toString('latin1'), expected)
})
