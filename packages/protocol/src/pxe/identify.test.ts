import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { fromHex, octets } from '../bytes/index.ts'
import { decodeMessage, withOptions, withoutOption, type DhcpMessage } from '../dhcp/index.ts'
import { bytesOfMac, parseMac } from '../net/index.ts'
import { identifyClient, RASPBERRY_PI_OUIS, UNKNOWN_ARCHITECTURE, type BootClient } from './index.ts'

/** What a row expects; undefined means that the key must be missing. */
type Expected = { readonly [Key in keyof BootClient]?: BootClient[Key] | undefined }

const ovmf = vector('v01-ovmf-x64-pxe-discover')
const ipxe = vector('v05-ipxe-efi-discover')

const real: readonly (readonly [string, Expected | undefined])[] = [
  ['v01-ovmf-x64-pxe-discover', { arch: 7, firmware: 'uefi-x64', transport: 'tftp', loader: 'firmware' }],
  ['v02-ovmf-x64-pxe-request', { arch: 7, firmware: 'uefi-x64', transport: 'tftp', loader: 'firmware' }],
  ['v03-ovmf-x64-binl-request', { arch: 7, firmware: 'uefi-x64', transport: 'tftp', loader: 'firmware' }],
  ['v04-ipxe-bios-discover', { arch: 0, firmware: 'bios', transport: 'tftp', loader: 'ipxe', userClass: ['iPXE'] }],
  [
    'v05-ipxe-efi-discover',
    { arch: 7, firmware: 'uefi-x64', loader: 'ipxe', vendorClass: 'PXEClient:Arch:00007:UNDI:003010' },
  ],
  ['v06-ipxe-efi-proxy-request', { arch: 7, firmware: 'uefi-x64', transport: 'tftp', loader: 'ipxe' }],
  ['v07-ovmf-x64-http-discover', { arch: 16, firmware: 'uefi-x64', transport: 'http', loader: 'firmware' }],
  ['v08-aavmf-arm64-http-discover', { arch: 19, firmware: 'uefi-arm64', transport: 'http', loader: 'firmware' }],
  ['v09-aavmf-arm64-pxe-discover', { arch: 11, firmware: 'uefi-arm64', uuid: '00000000-0000-0000-0000-000000000000' }],
  ['v10-u-boot-arm64-discover', undefined],
  ['v11-u-boot-riscv64-pxe-discover', { arch: 27, archs: [27], firmware: 'uefi-riscv64', transport: 'tftp' }],
]

for (const [name, expected] of real) {
  test(name, () => {
    const client = identifyClient(vector(name))
    assert.deepEqual(pick(client, expected), expected)
  })
}

test('U-Boot sends no machine identifier, and none is made up', () => {
  assert.equal('uuid' in identifyClient(vector('v11-u-boot-riscv64-pxe-discover'))!, false)
})

/** One change to a real packet: what it is, the packet, and what must come out. */
const changed: readonly (readonly [string, DhcpMessage, Expected | undefined])[] = [
  ['no option 60', withoutOption(ovmf, 60), undefined],
  ['option 60 of a phone', put(ovmf, 60, octets('android-dhcp-14')), undefined],
  ['option 60 in another case', put(ovmf, 60, octets('pxeclient')), undefined],
  ['option 60 with a NUL behind', put(ovmf, 60, octets('PXEClient\0')), { vendorClass: 'PXEClient', arch: 7 }],
  ['93 is a list', put(ovmf, 93, fromHex('00070009')), { arch: 7, archs: [7, 9] }],
  ['93 begins with a type nobody knows', put(ovmf, 93, fromHex('270f0007')), { arch: 7, archs: [9999, 7] }],
  ['93 is unknown', put(ovmf, 93, fromHex('270f')), { arch: 9999, firmware: 'other', transport: 'tftp' }],
  ['9 is x64 too', put(ovmf, 93, fromHex('0009')), { arch: 9, firmware: 'uefi-x64' }],
  ['no 93: option 60 has to do', withoutOption(ovmf, 93), { arch: 7, archs: [7], firmware: 'uefi-x64' }],
  ['93 of three octets counts as none', put(ovmf, 93, fromHex('000700')), { arch: 7, archs: [7] }],
  [
    'neither 93 nor an Arch in 60',
    put(withoutOption(ovmf, 93), 60, octets('PXEClient')),
    { arch: UNKNOWN_ARCHITECTURE, archs: [], firmware: 'other' },
  ],
  [
    'no 93, and an Arch in 60 that is over 16 bits',
    put(withoutOption(ovmf, 93), 60, octets('PXEClient:Arch:99999:UNDI:003000')),
    { arch: UNKNOWN_ARCHITECTURE, archs: [], firmware: 'other' },
  ],
  [
    'HTTPClient with a PXE type',
    put(ovmf, 60, octets('HTTPClient')),
    { arch: 7, firmware: 'uefi-x64', transport: 'http' },
  ],
  [
    'PXEClient with an HTTP type',
    put(ovmf, 93, fromHex('0010')),
    { arch: 16, firmware: 'uefi-x64', transport: 'tftp' },
  ],
  ['no 94', withoutOption(ovmf, 94), { arch: 7 }],
  ['94 of two octets', put(ovmf, 94, fromHex('0103')), { arch: 7 }],
  ['97 of five octets', put(ovmf, 97, fromHex('0011223344')), { arch: 7, uuid: undefined }],
  ['97 of another type', put(ovmf, 97, fromHex(`01${'11'.repeat(16)}`)), { arch: 7, uuid: undefined }],
  ['FlexBoot: 175 without 77', withoutOption(ipxe, 77), { loader: 'ipxe', userClass: [] }],
  ['77 without 175', withoutOption(ipxe, 175), { loader: 'ipxe', ipxe: undefined }],
  [
    '77 as RFC 3004 has it',
    put(withoutOption(ipxe, 175), 77, fromHex('0469505845')),
    { loader: 'ipxe', userClass: ['iPXE'] },
  ],
  ['77 of the iPXE that Smee ships', put(ovmf, 77, octets('Tinkerbell')), { loader: 'ipxe' }],
  ['another user class', put(ovmf, 77, octets('rack 7')), { loader: 'firmware', userClass: ['rack 7'] }],
  [
    '175 that cannot be read is iPXE all the same',
    put(ovmf, 175, fromHex('b105')),
    { loader: 'ipxe', ipxe: undefined },
  ],
]

for (const [what, message, expected] of changed) {
  test(what, () => assert.deepEqual(pick(identifyClient(message), expected), expected))
}

test('a Raspberry Pi says BIOS and is known by its address', () => {
  const bios = put(ovmf, 93, fromHex('0000'))
  const firmware = [...RASPBERRY_PI_OUIS].map((oui) => identifyClient(at(bios, `${oui}:01:02:03`))?.firmware)
  assert.deepEqual(new Set(firmware), new Set(['rpi']))
  assert.equal(identifyClient(bios)?.firmware, 'bios')
})

test('a Raspberry Pi with UEFI is believed', () => {
  assert.equal(identifyClient(at(vector('v09-aavmf-arm64-pxe-discover'), 'dc:a6:32:01:02:03'))?.firmware, 'uefi-arm64')
})

test('any options make a client or none, and a client says PXEClient or HTTPClient', () => {
  const code = fc.constantFrom(60, 77, 93, 94, 97, 175)
  const octetsOf = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom(octets('PXEClient'), octets('HTTPClient:Arch:00016')),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(code, octetsOf)), (entries) => {
      const message = withOptions({ ...ovmf, options: new Map() }, new Map(entries))
      const client = identifyClient(message)
      assert.equal(
        client !== undefined,
        /^(PXE|HTTP)Client/.test(String.fromCharCode(...(message.options.get(60) ?? []))),
      )
    }),
  )
})

function vector(name: string): DhcpMessage {
  return decodeMessage(fromHex(readFileSync(new URL(`../../vectors/${name}.hex`, import.meta.url), 'utf8')))
}

function put(message: DhcpMessage, code: number, value: Uint8Array): DhcpMessage {
  return withOptions(message, new Map([[code, value]]))
}

function at(message: DhcpMessage, mac: string): DhcpMessage {
  return { ...message, chaddr: bytesOfMac(parseMac(mac)!) }
}

/** Of a client only what the row speaks of. */
function pick(client: BootClient | undefined, keys: Expected | undefined): Expected | undefined {
  const seen = client as Record<string, unknown> | undefined
  return seen && keys && Object.fromEntries(Object.keys(keys).map((key) => [key, seen[key]]))
}
