import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bootFileName, clientMachineIdentifier, tftpServerName, vendorClass } from '@reboots/protocol/dhcp'
import { formatIpv4 } from '@reboots/protocol/net'
import { machine, type MachineSpec } from '@reboots/testkit'
import { ADDRESS, got, ipxe, MAC, message, pxe, Site, typeOf, type Fields } from './site.fixture.ts'

const with_ = (spec: Partial<MachineSpec>) => machine({ mac: MAC, address: ADDRESS, ...spec })
const SCRIPT = `http://192.168.1.1:7080/ipxe/script/${MAC}/auto.ipxe`
const REFUSED = '/netboot-not-allowed'
const policy = (then: string) => `
apiVersion: reboots/v1
kind: BootPolicy
rules:
  - { name: everything, when: "true", then: ${then} }
otherwise: ignore
`

const menu = `${policy('{ menu: m }')}menus: { m: { timeoutSeconds: 5, entries: [{ title: Disk, boot: local-disk }] } }
`

/** What a script URL carries beyond its path is the business of the rules. */
const withoutQuery = (file: string) => file.split('?')[0]

interface Row {
  readonly what: string
  readonly options?: Fields['options']
  readonly machine?: Partial<MachineSpec>
  readonly policy?: string
  readonly file: string
  readonly siaddr: string
  /** Whether 60, 43 and 175 go along. */
  readonly says: readonly number[]
}

const ROWS: readonly Row[] = [
  { what: 'a plain client', file: '', siaddr: '0.0.0.0', says: [] },
  { what: 'BIOS', options: pxe(0), file: 'undionly.kpxe', siaddr: '192.168.1.1', says: [43, 60] },
  { what: 'UEFI x64', options: pxe(7), file: 'ipxe.efi', siaddr: '192.168.1.1', says: [] },
  { what: 'UEFI arm64', options: pxe(11), file: 'ipxe-arm64.efi', siaddr: '192.168.1.1', says: [] },
  {
    what: 'UEFI HTTP',
    options: pxe(16, 'HTTPClient'),
    file: `http://192.168.1.1:7080/ipxe/binary/${MAC}/ipxe.efi`,
    siaddr: '192.168.1.1',
    says: [60],
  },
  { what: 'iPXE', options: ipxe(7), file: SCRIPT, siaddr: '192.168.1.1', says: [175] },
  {
    what: 'an iPXE that lists TFTP, and not HTTP',
    options: { ...ipxe(7), 175: Uint8Array.of(0x15, 1, 1) },
    file: 'ipxe.efi',
    siaddr: '192.168.1.1',
    says: [175],
  },
  {
    what: 'a boot file in the record',
    options: pxe(7),
    machine: { netboot: { ipxe: { binary: 'snp-x86_64.efi' } } },
    file: 'snp-x86_64.efi',
    siaddr: '192.168.1.1',
    says: [],
  },
  {
    what: 'netboot not allowed',
    options: pxe(7),
    machine: { netboot: { allowPxe: false } },
    file: REFUSED,
    siaddr: '0.0.0.0',
    says: [],
  },
  {
    what: 'policy denies BIOS',
    options: pxe(0),
    policy: policy('{ deny: no }'),
    file: REFUSED,
    siaddr: '0.0.0.0',
    says: [],
  },
  {
    what: 'policy says local disk',
    options: pxe(7),
    policy: policy('local-disk'),
    file: REFUSED,
    siaddr: '0.0.0.0',
    says: [],
  },
  {
    what: 'policy says menu: iPXE shows it',
    options: pxe(0),
    policy: menu,
    file: 'undionly.kpxe',
    siaddr: '192.168.1.1',
    says: [43, 60],
  },
  {
    what: 'policy says menu, to iPXE',
    options: ipxe(7),
    policy: menu,
    file: SCRIPT,
    siaddr: '192.168.1.1',
    says: [175],
  },
  {
    what: 'policy says menu, to UEFI HTTP: its first entry',
    options: pxe(16, 'HTTPClient'),
    policy: menu,
    file: `http://192.168.1.1:7080/ipxe/binary/${MAC}/netboot-not-allowed`,
    siaddr: '192.168.1.1',
    says: [60],
  },
  {
    what: 'policy ignores: an address only',
    options: pxe(7),
    policy: policy('ignore'),
    file: '',
    siaddr: '0.0.0.0',
    says: [],
  },
  { what: 'no boot file for the architecture', options: pxe(22), file: REFUSED, siaddr: '0.0.0.0', says: [] },
]

describe('boot information', () => {
  for (const row of ROWS) {
    test(row.what, () => {
      const site = new Site({ machines: [with_(row.machine ?? {})], ...(row.policy && { policy: row.policy }) })
      const fields = { options: row.options ?? {} }
      const replies = [message('discover', fields), message('request', { ...fields, requested: ADDRESS })].map(
        (asked) => {
          const { reply } = site.answer(asked)
          const says = [43, 60, 175].filter((code) => reply.options.has(code))
          return [formatIpv4(reply.yiaddr), withoutQuery(reply.file), formatIpv4(reply.siaddr), says]
        },
      )
      const expected = [ADDRESS, row.file, row.siaddr, row.says]
      assert.deepEqual(replies, [expected, expected], 'the same in OFFER and ACK')
    })
  }

  test('the machine identifier comes back as it was sent', () => {
    const identifier = pxe(7)[97]
    assert.deepEqual(
      got(new Site().answer(message('discover', { options: pxe(7) })), clientMachineIdentifier),
      identifier,
    )
  })

  test('the rule that decided is remarked on', () => {
    const { verdict } = new Site({ policy: policy('local-disk') }).answer(message('discover', { options: pxe(7) }))
    assert.equal(verdict?.rule, 'everything')
  })

  test('without a policy a client that asks to boot gets silence, any other its address', () => {
    const site = new Site({ policy: undefined })
    const outcomes = [pxe(0), pxe(7), pxe(16, 'HTTPClient'), ipxe(7), {}].map((options) =>
      typeOf(site.ask(message('discover', { options }))),
    )
    assert.deepEqual(outcomes, [...Array.from({ length: 4 }, () => 'policy-not-synced'), 'offer'])
  })
})

describe('a record that names the boot file itself', () => {
  const named = { dhcp: { tftpServerName: '192.168.1.200', bootFileName: 'pxelinux.0' } }
  const replyTo = (fields: Fields, dhcp = named.dhcp, text?: string) => {
    const site = new Site({ machines: [with_({ dhcp })], ...(text && { policy: text }) })
    return site.answer(message('discover', fields))
  }

  test('decides for a client that asks to boot, whatever the policy says', () => {
    const reply = replyTo({ options: pxe(0), asks: [1] }, named.dhcp, policy('{ deny: no }'))
    assert.equal(got(reply, tftpServerName), '192.168.1.200')
    assert.equal(got(reply, bootFileName), 'pxelinux.0')
    assert.deepEqual([reply.reply.file, formatIpv4(reply.reply.siaddr)], ['pxelinux.0', '192.168.1.200'])
    assert.deepEqual([got(reply, vendorClass), reply.reply.options.get(43)], [undefined, undefined])
  })

  test('needs no policy', () => {
    const site = new Site({ machines: [with_(named)], policy: undefined })
    assert.equal(typeOf(site.ask(message('discover', { options: pxe(0) }))), 'offer')
  })

  const plain: readonly [asks: readonly number[], sent: readonly number[]][] = [
    [[1, 3], []],
    [[1, 66], [66]],
    [
      [1, 66, 67],
      [66, 67],
    ],
    [[], [66, 67]],
  ]
  for (const [asks, sent] of plain) {
    test(`sends a plain client that asks for ${asks.join(', ') || 'nothing in particular'}: ${sent.join(', ') || 'none'}`, () => {
      const { reply } = replyTo({ asks })
      assert.deepEqual(
        [66, 67].filter((code) => reply.options.has(code)),
        sent,
      )
      assert.equal(reply.file, 'pxelinux.0')
    })
  }

  test('a server name goes into option 66 only, so that siaddr does not win over it', () => {
    const { reply } = replyTo({ options: pxe(0) }, { tftpServerName: 'boot.example', bootFileName: 'pxelinux.0' })
    assert.equal(formatIpv4(reply.siaddr), '0.0.0.0')
  })

  test('without a server name the file is at this host', () => {
    const { reply } = replyTo({ options: pxe(0) }, { tftpServerName: '', bootFileName: 'pxelinux.0' })
    assert.equal(formatIpv4(reply.siaddr), '192.168.1.1')
  })

  test('UEFI HTTP boot is told HTTPClient, or it would throw the URI away', () => {
    const reply = replyTo(
      { options: pxe(16, 'HTTPClient') },
      { tftpServerName: '', bootFileName: 'http://boot.example/a.efi' },
    )
    assert.equal(got(reply, vendorClass), 'HTTPClient')
    assert.equal(got(reply, bootFileName), 'http://boot.example/a.efi')
  })

  test('a name too long for the header field is in option 67 alone', () => {
    const long = `http://boot.example/${'a'.repeat(120)}`
    const reply = replyTo({ options: pxe(16, 'HTTPClient') }, { tftpServerName: '', bootFileName: long })
    assert.deepEqual([reply.reply.file, got(reply, bootFileName)], ['', long])
  })
})
