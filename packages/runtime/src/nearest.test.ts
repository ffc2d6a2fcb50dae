import assert from 'node:assert/strict'
import { test } from 'node:test'
import { didYouMean } from './nearest.ts'

const rows = [
  { name: 'leasSeconds', of: ['leaseSeconds', 'listen'], says: ', did you mean "leaseSeconds"?' },
  { name: 'ETH0', of: ['lo', 'eth0'], says: ', did you mean "eth0"?' },
  { name: 'enp3s0', of: ['lo', 'wlan0'], says: '; there is lo, wlan0' },
  { name: 'x', of: [], says: '' },
]

for (const { name, of, says } of rows) {
  test(`${name} among ${of.join(' ')}`, () => assert.equal(didYouMean(name, of), says))
}
