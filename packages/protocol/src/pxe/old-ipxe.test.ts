import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fromHex } from '../bytes/index.ts'
import { decodeMessage, withOptions } from '../dhcp/index.ts'
import { identifyClient, lacksHttp } from './index.ts'

const IPXE = decodeMessage(
  fromHex(readFileSync(new URL('../../vectors/v04-ipxe-bios-discover.hex', import.meta.url), 'utf8')),
)
const text = (value: string): string => Array.from(value, (c) => c.charCodeAt(0).toString(16)).join('')
const USER_CLASS = text('iPXE')

/** Options 175, 77 and 60 of an iPXE, in hexadecimal, and whether it has to be given another one first. */
const rows: readonly (readonly [
  what: string,
  features: string | undefined,
  userClass: string,
  vendor: string,
  boolean,
])[] = [
  ['HTTP', '130101 150101', USER_CLASS, 'PXEClient', false],
  ['HTTPS alone', '140101 150101', USER_CLASS, 'PXEClient', false],
  ['neither', '150101 170101', USER_CLASS, 'PXEClient', true],
  ['HTTP that is switched off', '130100 150101', USER_CLASS, 'PXEClient', true],
  ['neither, and no user class (FlexBoot)', '150101', '', 'PXEClient', true],
  ['neither, but a build that is not the card’s', '150101', text('Tinkerbell'), 'PXEClient', false],
  ['no list at all, version and bus only', 'b105011af41000 eb03010000', USER_CLASS, 'PXEClient', false],
  ['175 that cannot be read', 'b105', USER_CLASS, 'PXEClient', false],
  ['no 175', undefined, USER_CLASS, 'PXEClient', false],
  ['neither, though it came by HTTP', '150101', USER_CLASS, 'HTTPClient', false],
]

for (const [what, features, userClass, vendor, expected] of rows) {
  test(`an iPXE that lists ${what}: ${expected ? 'lacks HTTP' : 'gets a URL'}`, () => {
    const changed = Object.entries({ 60: text(vendor), 77: userClass, 175: features })
    const options = new Map([...IPXE.options].filter(([code]) => code !== 77 && code !== 175))
    const set = changed.flatMap(([code, value]) => (value ? [[Number(code), fromHex(value)] as const] : []))
    assert.equal(lacksHttp(identifyClient(withOptions({ ...IPXE, options }, new Map(set)))!), expected)
  })
}

test('firmware is never asked what it lists', () => {
  const options = new Map([...IPXE.options].filter(([code]) => code !== 77 && code !== 175))
  assert.equal(lacksHttp(identifyClient(withOptions({ ...IPXE, options }, new Map()))!), false)
})
