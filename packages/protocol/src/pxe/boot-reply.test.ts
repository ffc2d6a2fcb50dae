import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fromHex, hex, latin1 } from '../bytes/index.ts'
import {
  bootReply,
  BROADCAST_FLAG,
  decodeMessage,
  encodeMessage,
  messageType,
  parameterRequestList,
  withOptions,
  withoutOption,
  type DhcpMessage,
} from '../dhcp/index.ts'
import { bytesOfMac, formatIpv4, parseIpv4, parseMac, UNSPECIFIED } from '../net/index.ts'
import {
  bootServerAck,
  FILE_LIMIT,
  identifyClient,
  proxyOffer,
  withBoot,
  type BootClient,
  type BootTarget,
} from './index.ts'

const us = parseIpv4('192.168.77.1')!
const elsewhere = parseIpv4('192.168.77.9')!
const script: BootTarget = { nextServer: us, file: 'http://192.168.77.1:7080/ipxe/script/52:54:00:aa:01:05/auto.ipxe' }
const uri: BootTarget = { nextServer: us, file: 'http://192.168.77.1:7080/ipxe/binary/ipxe.efi' }
const efi: BootTarget = { nextServer: us, file: 'ipxe.efi' }
const kpxe: BootTarget = { nextServer: us, file: 'undionly.kpxe' }
const refused: BootTarget = { nextServer: UNSPECIFIED, file: '/netboot-not-allowed' }

const ovmf = vector('v01-ovmf-x64-pxe-discover')
const binl = vector('v03-ovmf-x64-binl-request')
const ipxe = vector('v05-ipxe-efi-discover')
const http = vector('v07-ovmf-x64-http-discover')
const uboot = vector('v11-u-boot-riscv64-pxe-discover')
const rom = withoutOption(withoutOption(vector('v04-ipxe-bios-discover'), 77), 175)
const pi: DhcpMessage = { ...rom, chaddr: bytesOfMac(parseMac('dc:a6:32:01:02:03')!) }
const asksNothing = withoutOption(ovmf, 55)

const pxe = '60=PXEClient'
const guid = '97=0000000000000000000000000000000000'
const direct = '43=060108ff'
const pause = '43=060108091400001152617370626572727920506920426f6f740a0400505845ff'

/** Everything in the reply that concerns booting, as text: options but 53, 54, 61; header fields that are not 0 or empty. */
const proxyRows: readonly (readonly [string, DhcpMessage, BootTarget, readonly string[]])[] = [
  [
    'iPXE gets its script, and no 43',
    ipxe,
    script,
    [pxe, `67=${script.file}`, guid, '175=010101', 'siaddr=192.168.77.1', `file=${script.file}`],
  ],
  [
    'HTTP boot gets a URI and its own word',
    http,
    uri,
    ['60=HTTPClient', `67=${uri.file}`, guid, 'siaddr=192.168.77.1', `file=${uri.file}`],
  ],
  [
    'a BIOS ROM is told not to look further',
    rom,
    kpxe,
    [direct, pxe, '66=192.168.77.1', '67=undionly.kpxe\0', guid, 'siaddr=192.168.77.1', 'file=undionly.kpxe'],
  ],
  [
    'a Raspberry Pi sees its name',
    pi,
    efi,
    [pause, pxe, '66=192.168.77.1', '67=ipxe.efi\0', guid, 'siaddr=192.168.77.1', 'file=ipxe.efi'],
  ],
  ['UEFI gets no 43, so that it comes to 4011', ovmf, efi, [pxe, guid, 'siaddr=192.168.77.1', 'file=ipxe.efi']],
  [
    'UEFI comes to us though TFTP is elsewhere',
    ovmf,
    { ...efi, nextServer: elsewhere },
    [pxe, guid, 'siaddr=192.168.77.1'],
  ],
  [
    'a BIOS ROM goes to the TFTP server',
    rom,
    { ...kpxe, nextServer: elsewhere },
    [direct, pxe, '66=192.168.77.9', '67=undionly.kpxe\0', guid, 'siaddr=192.168.77.9', 'file=undionly.kpxe'],
  ],
  ['no 97 where none was sent', uboot, efi, [pxe, 'siaddr=192.168.77.1', 'file=ipxe.efi']],
  [
    'a refused UEFI comes to 4011 for it',
    ovmf,
    refused,
    [pxe, guid, 'siaddr=192.168.77.1', 'file=/netboot-not-allowed'],
  ],
  [
    'a refused ROM is told at once',
    rom,
    refused,
    [
      direct,
      pxe,
      '66=192.168.77.1',
      '67=/netboot-not-allowed\0',
      guid,
      'siaddr=192.168.77.1',
      'file=/netboot-not-allowed',
    ],
  ],
]

for (const [what, discover, target, expected] of proxyRows) {
  test(`proxy offer: ${what}`, () => {
    const reply = overTheWire(proxyOffer(discover, client(discover), target, us))
    assert.deepEqual(booting(reply), expected)
    assert.equal(messageType(reply), 'offer')
    assert.equal(reply.yiaddr, UNSPECIFIED)
    assert.equal(reply.flags, discover.flags | BROADCAST_FLAG)
    assert.deepEqual(
      [...reply.options.keys()].filter((code) => [1, 3, 51, 58, 59].includes(code)),
      [],
    )
  })
}

const ackRows: readonly (readonly [string, DhcpMessage, BootTarget, readonly string[]])[] = [
  [
    'UEFI gets its file',
    binl,
    efi,
    [pxe, '66=192.168.77.1', '67=ipxe.efi\0', guid, 'siaddr=192.168.77.1', 'sname=192.168.77.1', 'file=ipxe.efi'],
  ],
  [
    'UEFI is sent to the TFTP server',
    binl,
    { ...efi, nextServer: elsewhere },
    [pxe, '66=192.168.77.9', '67=ipxe.efi\0', guid, 'siaddr=192.168.77.9', 'sname=192.168.77.9', 'file=ipxe.efi'],
  ],
  [
    'iPXE gets its script',
    vector('v06-ipxe-efi-proxy-request'),
    script,
    [pxe, `67=${script.file}`, guid, '175=010101', 'siaddr=192.168.77.1', 'sname=192.168.77.1', `file=${script.file}`],
  ],
  [
    'a BIOS ROM gets what it got on 67',
    rom,
    kpxe,
    [
      direct,
      pxe,
      '66=192.168.77.1',
      '67=undionly.kpxe\0',
      guid,
      'siaddr=192.168.77.1',
      'sname=192.168.77.1',
      'file=undionly.kpxe',
    ],
  ],
  [
    'a refusal names us, where TFTP says no',
    withoutOption(binl, 55),
    refused,
    [pxe, guid, 'siaddr=192.168.77.1', 'sname=192.168.77.1', 'file=/netboot-not-allowed'],
  ],
]

for (const [what, request, target, expected] of ackRows) {
  test(`boot server: ${what}`, () => {
    const reply = overTheWire(bootServerAck(request, client(request), target, us))
    assert.deepEqual(booting(reply), expected)
    assert.equal(messageType(reply), 'ack')
    assert.equal(reply.yiaddr, UNSPECIFIED)
    assert.equal(reply.ciaddr, request.ciaddr)
    assert.equal(reply.flags, request.flags)
  })
}

const fullRows: readonly (readonly [string, DhcpMessage, BootTarget, readonly string[]])[] = [
  [
    'iPXE need not wait for a proxy',
    ipxe,
    script,
    [`67=${script.file}`, guid, '175=b00101', 'siaddr=192.168.77.1', `file=${script.file}`],
  ],
  [
    'HTTP boot gets a URI and its own word',
    http,
    uri,
    ['60=HTTPClient', `67=${uri.file}`, guid, 'siaddr=192.168.77.1', `file=${uri.file}`],
  ],
  [
    'HTTP boot gets 67 even unasked',
    withoutOption(http, 55),
    uri,
    ['60=HTTPClient', `67=${uri.file}`, guid, 'siaddr=192.168.77.1', `file=${uri.file}`],
  ],
  [
    'a BIOS ROM is told not to look for a proxy',
    rom,
    kpxe,
    [direct, pxe, '66=192.168.77.1', '67=undionly.kpxe\0', guid, 'siaddr=192.168.77.1', 'file=undionly.kpxe'],
  ],
  [
    'a Raspberry Pi sees its name',
    pi,
    efi,
    [pause, pxe, '66=192.168.77.1', '67=ipxe.efi\0', guid, 'siaddr=192.168.77.1', 'file=ipxe.efi'],
  ],
  [
    'UEFI gets no 60: it would go to 4011',
    ovmf,
    efi,
    ['66=192.168.77.1', '67=ipxe.efi\0', guid, 'siaddr=192.168.77.1', 'file=ipxe.efi'],
  ],
  ['no 66 and 67 for one who does not ask', asksNothing, efi, [guid, 'siaddr=192.168.77.1', 'file=ipxe.efi']],
  ['U-Boot is served like UEFI', uboot, efi, ['siaddr=192.168.77.1', 'file=ipxe.efi']],
  ['a refused UEFI', asksNothing, refused, [guid, 'file=/netboot-not-allowed']],
  [
    'a refused ROM is not told that here is a boot server',
    withoutOption(rom, 55),
    refused,
    [guid, 'file=/netboot-not-allowed'],
  ],
]

for (const [what, discover, target, expected] of fullRows) {
  test(`with an address: ${what}`, () => {
    const bare = { ...bootReply(discover, 'offer', us), yiaddr: elsewhere }
    const reply = overTheWire(withBoot(bare, client(discover), target, parameterRequestList(discover)))
    assert.deepEqual(booting(reply), expected)
    assert.equal(reply.yiaddr, elsewhere)
  })
}

const longest = 'x'.repeat(FILE_LIMIT)
const lengths: readonly (readonly [string, string, string | undefined])[] = [
  [longest, longest, undefined],
  [`${longest}x`, '', `${longest}x\0`],
  ['y'.repeat(300), '', `${'y'.repeat(300)}\0`],
]

for (const [file, field, option67] of lengths) {
  test(`a name of ${file.length} characters is never cut`, () => {
    const bare = { ...bootReply(asksNothing, 'ack', us), yiaddr: elsewhere }
    const replies = [
      withBoot(bare, client(asksNothing), { nextServer: us, file }),
      bootServerAck(asksNothing, client(asksNothing), { nextServer: us, file }, us),
      proxyOffer(withoutOption(rom, 55), client(rom), { nextServer: us, file }, us),
    ].map(overTheWire)
    assert.deepEqual(
      replies.map((reply) => [reply.file, optionText(reply, 67)]),
      replies.map(() => [field, option67]),
    )
  })
}

test('61, 82 and a good 97 go back as they came, a bad 97 does not', () => {
  const relay = fromHex('010474657374')
  const asked = withOptions(
    ovmf,
    new Map([
      [61, fromHex('01525400aa0101')],
      [82, relay],
      [97, fromHex('0011223344')],
    ]),
  )
  const reply = overTheWire(proxyOffer({ ...asked, giaddr: elsewhere }, client(asked), efi, us))
  assert.deepEqual(
    [reply.options.get(61), reply.options.get(82), reply.options.get(97)],
    [fromHex('01525400aa0101'), relay, undefined],
  )
  assert.equal(reply.giaddr, elsewhere)
})

test('a machine identifier comes back octet for octet from a server that gives the address', () => {
  const identifier = fromHex('00000102030405060708090a0b0c0d0e0f')
  const asked = withOptions(ovmf, new Map([[97, identifier]]))
  assert.deepEqual(withBoot(bootReply(asked, 'ack', us), client(asked), efi).options.get(97), identifier)
})

function vector(name: string): DhcpMessage {
  return decodeMessage(fromHex(readFileSync(new URL(`../../vectors/${name}.hex`, import.meta.url), 'utf8')))
}

function client(message: DhcpMessage): BootClient {
  return identifyClient(message)!
}

function overTheWire(reply: DhcpMessage): DhcpMessage {
  return decodeMessage(encodeMessage(reply))
}

function booting(reply: DhcpMessage): string[] {
  const texts = new Set([60, 66, 67])
  const options = [...reply.options].filter(([code]) => ![53, 54, 61].includes(code)).toSorted(([a], [b]) => a - b)
  return [
    ...options.map(([code, value]) => `${code}=${texts.has(code) ? latin1(value) : hex(value)}`),
    ...(reply.siaddr === UNSPECIFIED ? [] : [`siaddr=${formatIpv4(reply.siaddr)}`]),
    ...(reply.sname === '' ? [] : [`sname=${reply.sname}`]),
    ...(reply.file === '' ? [] : [`file=${reply.file}`]),
  ]
}

function optionText(reply: DhcpMessage, code: number): string | undefined {
  const value = reply.options.get(code)
  return value && latin1(value)
}
