import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ByteReader, ByteWriter } from './index.ts'

test('what is written survives every growth of the buffer', () => {
  const writes = fc.array(
    fc.tuple(fc.constantFrom('u8' as const, 'u16' as const, 'u32' as const), fc.nat({ max: 255 })),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(writes, fc.integer({ min: 0, max: 8 }), (values, capacity) => {
      const writer = new ByteWriter(capacity)
      for (const [width, value] of values) writer[width](value)
      const reader = new ByteReader(writer.finish())
      assert.deepEqual(
        values.map(([width]) => reader[width]()),
        values.map(([, value]) => value),
      )
    }),
  )
})
