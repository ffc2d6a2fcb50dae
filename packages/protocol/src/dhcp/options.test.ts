import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DecodeError, fromHex, hex } from '../bytes/index.ts'
import type { Seconds } from '../net/index.ts'
import { ip, request } from './message.fixture.ts'
import { option, withOption, withOptions, withoutOption, type Option } from './option.ts'
import * as rows from './options.ts'
import { describeOption, optionByCode, OPTIONS } from './registry.ts'

test('the registry has each code once and every option of RFC 2132', () => {
  const codes = OPTIONS.map((row) => row.code)
  const rfc2132 = Array.from({ length: 76 }, (_, index) => index + 1)
  assert.deepEqual(
    codes,
    [...new Set(codes)].toSorted((a, b) => a - b),
  )
  assert.deepEqual(codes.slice(0, 76), rfc2132)
  assert.equal(new Set(OPTIONS.map((row) => row.name)).size, OPTIONS.length)
})

test('the registry has what DHCP servers commonly serve beyond RFC 2132', () => {
  const codes = [77, 81, 82, 93, 94, 97, 108, 114, 118, 119, 121, 150, 175, 208, 209, 210, 211, 249]
  assert.deepEqual(
    codes.map((code) => optionByCode(code)?.code),
    codes,
  )
})

interface Row<T> {
  readonly option: Option<T>
  readonly hex: string
  readonly value: T
  readonly printed: string
}
const row = <T>(option: Option<T>, hex: string, value: T, printed: string): Row<unknown> => ({
  option,
  hex,
  value,
  printed,
})

const VALUES: readonly Row<unknown>[] = [
  row(rows.subnetMask, 'ffffff00', ip('255.255.255.0'), '255.255.255.0'),
  row(rows.timeOffset, 'ffffc7c0', -14_400, '-14400'),
  row(rows.router, 'c0a84d01c0a84d02', [ip('192.168.77.1'), ip('192.168.77.2')], '192.168.77.1, 192.168.77.2'),
  row(rows.hostName, '6e6f64652d31', 'node-1', '"node-1"'),
  row(rows.domainName, '61e9220a5c', 'aé"\n\\', '"a\\xe9\\"\\x0a\\\\"'),
  row(rows.ipForwarding, '01', true, 'true'),
  row(rows.allSubnetsLocal, '00', false, 'false'),
  row(rows.policyFilter, '0a000000ff000000', [[ip('10.0.0.0'), ip('255.0.0.0')]], '10.0.0.0 255.0.0.0'),
  row(rows.defaultIpTtl, '40', 64, '64'),
  row(rows.pathMtuPlateauTable, '004405dc', [68, 1500], '68, 1500'),
  row(rows.interfaceMtu, '05dc', 1500, '1500'),
  row(rows.vendorSpecific, '060108ff', fromHex('060108ff'), '0x060108ff'),
  row(rows.vendorSpecific, '', new Uint8Array(0), '0x'),
  row(rows.leaseTime, 'ffffffff', 0xffffffff as Seconds, '4294967295'),
  row(rows.messageTypeOption, '06', 'nak', 'nak'),
  row(rows.messageTypeOption, '12', 'tls', 'tls'),
  row(rows.parameterRequest, '010306ff', [1, 3, 6, 255], '1, 3, 6, 255'),
  row(rows.maxMessageSize, 'ff00', 65_280, '65280'),
  row(rows.clientIdentifier, '01525400aa0021', fromHex('01525400aa0021'), '0x01525400aa0021'),
  row(rows.mobileIpHomeAgent, '', [], ''),
  row(rows.userClass, '046950584503616263', ['iPXE', 'abc'], '"iPXE", "abc"'),
  row(rows.rapidCommit, '', true, 'present'),
  row(
    rows.relayAgentInformation,
    '0104746573740203aabbcc6301ff',
    fromHex('0104746573740203aabbcc6301ff'),
    'circuit-id=0x74657374 remote-id=0xaabbcc 99=0xff',
  ),
  row(rows.clientSystemArchitecture, '00070009', [7, 9], '7, 9'),
  row(rows.clientNetworkInterface, '010310', fromHex('010310'), '0x010310'),
  row(
    rows.clientMachineIdentifier,
    '000102030405060708090a0b0c0d0e0f10',
    fromHex('000102030405060708090a0b0c0d0e0f10'),
    '0x000102030405060708090a0b0c0d0e0f10',
  ),
  row(rows.ipv6OnlyPreferred, '0000012c', 300 as Seconds, '300'),
  row(rows.subnetSelection, '0a090000', ip('10.9.0.0'), '10.9.0.0'),
  row(rows.domainSearch, '03656e6706616170706c6503636f6d0000', ['eng.aapple.com', ''], '"eng.aapple.com", ""'),
  row(
    rows.classlessStaticRoute,
    '080ac0a84d0100c0a84d01',
    [
      { network: ip('10.0.0.0'), prefix: 8, router: ip('192.168.77.1') },
      { network: ip('0.0.0.0'), prefix: 0, router: ip('192.168.77.1') },
    ],
    '10.0.0.0/8 via 192.168.77.1, 0.0.0.0/0 via 192.168.77.1',
  ),
  row(
    rows.microsoftClasslessStaticRoute,
    '200a000001c0a84d01',
    [{ network: ip('10.0.0.1'), prefix: 32, router: ip('192.168.77.1') }],
    '10.0.0.1/32 via 192.168.77.1',
  ),
  row(rows.tftpServerAddresses, 'c0a84d01', [ip('192.168.77.1')], '192.168.77.1'),
]

for (const { option, hex: octets, value, printed } of VALUES) {
  test(`${option.name} (${option.code}) ${octets} is ${printed}`, () => {
    assert.deepEqual(option.decode(fromHex(octets)), value)
    assert.equal(hex(option.encode(value)), octets)
    assert.equal(describeOption(option.code, fromHex(octets)), `${option.name} (${option.code}): ${printed}`)
  })
}

const LENIENT: readonly Row<unknown>[] = [
  row(rows.bootFileName, '697078652e65666900', 'ipxe.efi', 'a NUL at the end'),
  row(rows.vendorClass, '50584500ff', 'PXE', 'anything behind a NUL'),
  row(rows.userClass, '69505845', ['iPXE'], 'one bare text'),
  row(rows.userClass, '0369505845', ['\x03iPXE'], 'counts that do not add up'),
  row(rows.userClass, '0069505845', [''], 'a count of 0'),
  row(
    rows.domainSearch,
    '03656e67056170706c6503636f6d00096d61726b6574696e67c004',
    ['eng.apple.com', 'marketing.apple.com'],
    'a pointer (the example of RFC 3397)',
  ),
  row(rows.domainSearch, '016100c000c003', ['a', 'a', 'a'], 'a pointer to a pointer'),
  row(
    rows.classlessStaticRoute,
    '0c0affc0a84d01',
    [{ network: ip('10.240.0.0'), prefix: 12, router: ip('192.168.77.1') }],
    'bits behind the prefix',
  ),
]

for (const { option, hex: octets, value, printed } of LENIENT) {
  test(`${option.name} reads ${printed}`, () => {
    assert.deepEqual(option.decode(fromHex(octets)), value)
  })
}

const MALFORMED: readonly { option: Option<unknown>; hex: string; reason: string }[] = [
  { option: rows.subnetMask, hex: 'ffffff', reason: 'bad-length' },
  { option: rows.router, hex: '', reason: 'bad-length' },
  { option: rows.router, hex: 'c0a84d01c0', reason: 'bad-length' },
  { option: rows.hostName, hex: '', reason: 'bad-length' },
  { option: rows.ipForwarding, hex: '02', reason: 'bad-option' },
  { option: rows.policyFilter, hex: '0a000000', reason: 'bad-length' },
  { option: rows.policyFilter, hex: '', reason: 'bad-length' },
  { option: rows.defaultIpTtl, hex: '00', reason: 'bad-option' },
  { option: rows.interfaceMtu, hex: '0043', reason: 'bad-option' },
  { option: rows.messageTypeOption, hex: '00', reason: 'bad-option' },
  { option: rows.messageTypeOption, hex: '13', reason: 'bad-option' },
  { option: rows.messageTypeOption, hex: '0101', reason: 'bad-length' },
  { option: rows.clientIdentifier, hex: '01', reason: 'bad-length' },
  { option: rows.userClass, hex: '', reason: 'bad-length' },
  { option: rows.rapidCommit, hex: '01', reason: 'bad-length' },
  { option: rows.clientSystemArchitecture, hex: '000700', reason: 'bad-length' },
  { option: rows.clientNetworkInterface, hex: '0103', reason: 'bad-length' },
  { option: rows.clientMachineIdentifier, hex: '0001020304', reason: 'bad-length' },
  { option: rows.clientMachineIdentifier, hex: '01'.repeat(17), reason: 'bad-option' },
  { option: rows.domainSearch, hex: '', reason: 'bad-length' },
  { option: rows.domainSearch, hex: '0361', reason: 'bad-length' },
  { option: rows.domainSearch, hex: '0161', reason: 'bad-length' },
  { option: rows.domainSearch, hex: 'c0', reason: 'bad-length' },
  { option: rows.domainSearch, hex: 'c000', reason: 'bad-option' },
  { option: rows.domainSearch, hex: '0161c000', reason: 'bad-option' },
  { option: rows.domainSearch, hex: '8061', reason: 'bad-option' },
  { option: rows.domainSearch, hex: `${`3f${'61'.repeat(63)}`.repeat(4)}00`, reason: 'bad-option' },
  { option: rows.domainSearch, hex: '00'.repeat(256), reason: 'bad-option' },
  { option: rows.classlessStaticRoute, hex: '', reason: 'truncated' },
  { option: rows.classlessStaticRoute, hex: '210a000000c0a84d01', reason: 'bad-option' },
  { option: rows.classlessStaticRoute, hex: '080ac0a84d', reason: 'truncated' },
]

for (const { option: which, hex: octets, reason } of MALFORMED) {
  test(`${which.name} refuses ${octets.slice(0, 24) || 'nothing'}: ${reason}`, () => {
    const value = fromHex(octets)
    assert.throws(
      () => which.decode(value),
      (error) => error instanceof DecodeError && error.reason === reason,
    )
    assert.equal(option(withOptions(request({}), new Map([[which.code, value]])), which), undefined)
    assert.equal(describeOption(which.code, value), `${which.name} (${which.code}): malformed 0x${octets}`)
  })
}

const UNWRITABLE: readonly { name: string; write: () => unknown }[] = [
  { name: 'a label over 63 octets', write: () => rows.domainSearch.encode(['a'.repeat(64)]) },
  { name: 'an empty label', write: () => rows.domainSearch.encode(['a..b']) },
  { name: 'a name over 255 octets', write: () => rows.domainSearch.encode([Array(5).fill('a'.repeat(60)).join('.')]) },
  { name: 'an empty user class', write: () => rows.userClass.encode(['']) },
  { name: 'a user class over 255 octets', write: () => rows.userClass.encode(['a'.repeat(256)]) },
  {
    name: 'a prefix of 33 bits',
    write: () => rows.classlessStaticRoute.encode([{ network: ip('0.0.0.0'), prefix: 33, router: ip('0.0.0.0') }]),
  },
]

for (const { name, write } of UNWRITABLE) {
  test(`cannot be written: ${name}`, () => {
    assert.throws(write, RangeError)
  })
}

test('an option without a row prints as hexadecimal', () => {
  assert.equal(optionByCode(224), undefined)
  assert.equal(describeOption(224, fromHex('0102')), 'option-224 (224): 0x0102')
})

test('a final dot of a domain name is not a label', () => {
  assert.equal(hex(rows.domainSearch.encode(['a.b.'])), '0161016200')
})

test('withOption, withOptions and withoutOption change a copy', () => {
  const before = request({})
  const named = withOption(before, rows.hostName, 'node-1')
  const more = withOptions(named, new Map([15, 0, 52, 255].map((code) => [code, fromHex('61')])))
  const less = withoutOption(more, 12)
  const codes = [before, named, more, less].map((message) => Array.from(message.options.keys()))
  assert.deepEqual(codes, [[53], [12, 53], [12, 15, 53], [15, 53]])
  assert.equal(withoutOption(less, 12), less)
})
