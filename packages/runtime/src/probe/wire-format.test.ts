import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fromHex, hex } from '@reboots/protocol/bytes'
import { parseIpv4, type MacAddress } from '@reboots/protocol/net'
import * as fc from 'fast-check'
import { arpSenderIn, encodeArpProbe } from './arp.ts'
import { behindIpHeader, echoedAddress, encodeEcho } from './icmp.ts'

const SQUATTER = '52:54:00:77:00:99' as MacAddress
const ADDRESS = parseIpv4('192.168.77.100')!
const OURS = '020000000001'
const HEAD = '0806 0001 0800 06 04'

/** A frame to us, its parts as they are on the wire. */
const frame = (...parts: readonly string[]) =>
  fromHex(['020000000001 525400770099', ...parts].join('').replaceAll(' ', ''))

describe('ARP', () => {
  test('a probe names no sender address and goes to everyone', () => {
    const expected = ['ffffffffffff', OURS, '0806 0001 0800 06 04 0001', OURS, '00000000 000000000000 c0a84d64']
    const probe = encodeArpProbe(ADDRESS, '02:00:00:00:00:01' as MacAddress)
    assert.equal(hex(probe), expected.join('').replaceAll(' ', ''))
  })

  const uses = { address: ADDRESS, mac: SQUATTER }
  const frames: readonly (readonly [what: string, frame: Uint8Array, sender: object | undefined])[] = [
    ['a reply', frame(HEAD, '0002 525400770099 c0a84d64', OURS, '00000000'), uses],
    [
      'a reply with the padding of Ethernet',
      frame(HEAD, '0002 525400770099 c0a84d64', OURS, '00000000', '00'.repeat(18)),
      uses,
    ],
    ['a request of the owner', frame(HEAD, '0001 525400770099 c0a84d64 000000000000 c0a84d01'), uses],
    ['an announcement', frame(HEAD, '0001 525400770099 c0a84d64 000000000000 c0a84d64'), uses],
    ['a probe of somebody else', frame(HEAD, '0001 525400770099 00000000 000000000000 c0a84d64'), undefined],
    ['a cut reply', frame(HEAD, '0002 525400770099 c0a84d64', OURS, '000000'), undefined],
    [
      'other addresses than IPv4',
      frame('0806 0001 86dd 06 10', '0002 525400770099 c0a84d64', OURS, '00000000'),
      undefined,
    ],
    ['another protocol', frame('0800 0001 0800 06 04', '0002 525400770099 c0a84d64', OURS, '00000000'), undefined],
  ]
  for (const [what, bytes, sender] of frames) {
    test(`${what} ${sender === undefined ? 'says nothing' : 'shows who has the address'}`, () => {
      assert.deepEqual(arpSenderIn(bytes), sender)
    })
  }
})

describe('ICMP echo', () => {
  const token = fromHex('a1b2c3d4e5f60718')

  test('has a checksum, the token and the address asked', () => {
    assert.equal(hex(encodeEcho(ADDRESS, token)), '0800f5a8a1b20001a1b2c3d4e5f60718c0a84d64')
  })

  test('an answer names the address that was asked, whoever it was', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), (address) => {
        const answer = encodeEcho(address as typeof ADDRESS, token)
        answer[0] = 0
        assert.equal(echoedAddress(answer, token), address)
      }),
    )
  })

  test('what was not asked with this token is no answer', () => {
    const echo = encodeEcho(ADDRESS, token)
    const strange = encodeEcho(ADDRESS, fromHex('ffffffffffffffff'))
    for (const other of [echo, strange.fill(0, 0, 1), echo.slice(0, 12).fill(0, 0, 1), new Uint8Array(0)]) {
      assert.equal(echoedAddress(other, token), undefined)
    }
  })

  test('the header in front has a length of its own', () => {
    assert.deepEqual(behindIpHeader(Uint8Array.of(0x46, ...Array.from({ length: 23 }, () => 0), 7)), Uint8Array.of(7))
  })
})
