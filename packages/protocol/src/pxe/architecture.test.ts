import assert from 'node:assert/strict'
import { test } from 'node:test'
import { architecture, ARCHITECTURES, formatArchitecture, type Firmware } from './index.ts'

test('the table holds what IANA has assigned, 0 to 41, each once and in order', () => {
  assert.deepEqual(
    ARCHITECTURES.map((row) => row.type),
    Array.from({ length: 42 }, (_, type) => type),
  )
  assert.equal(new Set(ARCHITECTURES.map((row) => row.name)).size, 42)
})

const families: readonly (readonly [Firmware, 'tftp' | 'http', readonly number[]])[] = [
  ['bios', 'tftp', [0, 5]],
  ['bios', 'http', [20]],
  ['uefi-ia32', 'tftp', [6]],
  ['uefi-ia32', 'http', [15]],
  ['uefi-x64', 'tftp', [7, 9]],
  ['uefi-x64', 'http', [16, 17]],
  ['uefi-arm32', 'tftp', [10]],
  ['uefi-arm32', 'http', [18]],
  ['uefi-arm64', 'tftp', [11]],
  ['uefi-arm64', 'http', [19]],
  ['u-boot', 'tftp', [21, 22]],
  ['u-boot', 'http', [23, 24]],
  ['uefi-riscv64', 'tftp', [27]],
  ['uefi-riscv64', 'http', [28]],
  ['uefi-loongarch64', 'tftp', [39]],
  ['uefi-loongarch64', 'http', [40]],
  ['rpi', 'tftp', [41]],
  ['other', 'tftp', [1, 2, 3, 4, 8, 12, 13, 14, 25, 29, 31, 32, 33, 34, 35, 36, 37]],
  ['other', 'http', [26, 30, 38]],
]

for (const [firmware, transport, types] of families) {
  test(`${firmware} over ${transport}: ${types.join(' ')}`, () => {
    const found = ARCHITECTURES.filter((row) => row.firmware === firmware && row.transport === transport)
    assert.deepEqual(
      found.map((row) => row.type),
      types,
    )
  })
}

test('a number without a row has no architecture, and prints as one', () => {
  assert.equal(architecture(9999), undefined)
  assert.equal(formatArchitecture(9999), 'unknown(9999)')
  assert.equal(formatArchitecture(7), 'x64-uefi')
})
