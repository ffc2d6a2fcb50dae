import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readName } from './requested-name.ts'

const MAC = '52:54:00:ab:cd:ef'
const TRACE = '00-23b1e307bb35484f535a1f772c06910e-d887dc3912240434-01'

/** Name, what is tried, MAC, trace. */
const ROWS: readonly [string, readonly string[], (string | undefined)?, string?][] = [
  ['ipxe.efi', ['ipxe.efi']],
  ['/ipxe.efi', ['ipxe.efi']],
  ['//ipxe.efi', ['ipxe.efi']],
  ['sub/ipxe.efi', ['sub/ipxe.efi']],
  [`${MAC}/ipxe.efi`, [`${MAC}/ipxe.efi`, 'ipxe.efi'], MAC],
  [`/${MAC}/ipxe.efi`, [`${MAC}/ipxe.efi`, 'ipxe.efi'], MAC],
  ['52-54-00-AB-CD-EF/ipxe.efi', ['52-54-00-AB-CD-EF/ipxe.efi', 'ipxe.efi'], MAC],
  ['5254.00ab.cdef/ipxe.efi', ['5254.00ab.cdef/ipxe.efi', 'ipxe.efi'], MAC],
  ['525400abcdef/sub/x', ['525400abcdef/sub/x', 'sub/x'], MAC],
  [MAC, [MAC]],
  ['0123456789abcdef/x', ['0123456789abcdef/x']],
  [`ipxe.efi-${TRACE}`, ['ipxe.efi'], undefined, TRACE],
  [`${MAC}/ipxe.efi-${TRACE}`, [`${MAC}/ipxe.efi`, 'ipxe.efi'], MAC, TRACE],
  [`ipxe.efi-${TRACE}.sig`, [`ipxe.efi-${TRACE}.sig`]],
  [`-${TRACE}`, [`-${TRACE}`]],
  ['pxelinux.cfg/01-52-54-00-ab-cd-ef', ['pxelinux.cfg/01-52-54-00-ab-cd-ef']],
  [Buffer.from('grüße').toString('latin1'), ['grüße']],
]

for (const [name, candidates, mac, traceparent] of ROWS) {
  test(`${name} is looked for as ${candidates.join(', then ')}`, () => {
    const read = readName(name)
    assert.deepEqual([read?.candidates, read?.mac, read?.traceparent], [candidates, mac, traceparent])
  })
}

const FORBIDDEN: readonly [string, boolean][] = [
  ['/netboot-not-allowed', true],
  ['netboot-not-allowed', true],
  [`${MAC}/netboot-not-allowed`, true],
  [`/52-54-00-ab-cd-ef/netboot-not-allowed-${TRACE}`, true],
  ['netboot-not-allowed/x', false],
  ['sub/netboot-not-allowed', false],
]

for (const [name, forbidden] of FORBIDDEN) {
  test(`${name} ${forbidden ? 'says' : 'does not say'} that the machine must not boot`, () =>
    assert.equal(readName(name)?.forbidden, forbidden))
}

test('a name that is not UTF-8 is none', () => assert.equal(readName('\xff\xfe'), undefined))
