import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { latin1, octets } from '../bytes/index.ts'
import { memoryContent, netasciiContent, type Content } from './index.ts'

/** The whole translation, read in blocks of `blksize` until one is short. */
function readAll(content: Content, blksize: number): string {
  let text = ''
  for (let offset = 0; ; offset += blksize) {
    const block = content.read(offset, blksize)!
    text += latin1(block)
    if (block.length < blksize) return text
  }
}

const ROWS: readonly [string, string][] = [
  ['', ''],
  ['plain', 'plain'],
  ['a\nb', 'a\r\nb'],
  ['a\rb', 'a\r\0b'],
  ['\r\n', '\r\0\r\n'],
  ['\n\n\n', '\r\n\r\n\r\n'],
  ['ends in a line\n', 'ends in a line\r\n'],
]

for (const [source, expected] of ROWS) {
  test(`${JSON.stringify(source)} is ${JSON.stringify(expected)} in blocks of any size`, () => {
    for (const blksize of [1, 2, 3, 8, 512]) {
      assert.equal(readAll(netasciiContent(memoryContent(octets(source)), 1), blksize), expected)
    }
  })
}

test('a window can be read again', () => {
  const content = netasciiContent(memoryContent(octets('\n'.repeat(100))), 4)
  const read = [0, 3, 6, 9, 0, 3, 6, 9, 12].map((offset) => latin1(content.read(offset, 3)!))
  assert.deepEqual(read.slice(4, 8), read.slice(0, 4))
  assert.equal(read[8], '\r\n\r')
})

test('only the last blocks are remembered', () => {
  const content = netasciiContent(memoryContent(octets('\n'.repeat(100))), 1)
  for (let offset = 0; offset < 60; offset += 3) content.read(offset, 3)
  assert.throws(() => content.read(0, 3), RangeError)
})

test('what is not in memory is waited for', () => {
  assert.equal(netasciiContent({ read: () => undefined }, 1).read(0, 512), undefined)
})

test('translated and back is the source, whatever it holds and however it is cut', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '\0'), maxLength: 64 })
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 20 }), (source, blksize) => {
      const translated = readAll(netasciiContent(memoryContent(octets(source)), 1), blksize)
      assert.equal(
        translated.replace(/\r([\n\0])/g, (_pair, second) => (second === '\n' ? '\n' : '\r')),
        source,
      )
    }),
  )
})
