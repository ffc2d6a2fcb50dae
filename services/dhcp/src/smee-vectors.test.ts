import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { hardware } from '@reboots/api'
import type { DhcpMessage } from '@reboots/protocol/dhcp'
import { formatIpv4 } from '@reboots/protocol/net'
import { machine } from '@reboots/testkit'
import { ip, message, Site, type Fields } from './site.fixture.ts'

/**
 * The inputs of Smee's reservation mode with the answers of this service, option by option in hexadecimal. Where they differ from
 * Smee's is listed under Deviations in the README. They carry no parameter request list; one is added, because a client without one
 * is sent the usual six options only.
 */
const MAC = '01:02:03:04:05:06'
const EVERYTHING = [1, 3, 6, 7, 12, 15, 28, 42, 43, 60, 66, 67, 97, 119, 121]
const US = { name: 'lan0', address: ip('192.168.1.1'), mask: ip('255.255.255.0') }
const SERVER = 'c0a80101'

const FIXTURE_A: Partial<hardware.Dhcp> = {
  gateway: '192.168.1.1',
  nameServers: ['1.1.1.1'],
  hostname: 'test-host',
  domainName: 'mydomain.com',
  timeServers: ['132.163.96.2'],
  leaseSeconds: 60,
}
const ROUTES = [
  { destination: '10.0.0.0/8', router: '192.168.1.10' },
  { destination: '172.16.0.0/12', router: '192.168.1.20' },
]

const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'))
/** Options as one string of hexadecimal, `code length value …`, without the type that `message` sets. */
const tlv = (text: string) => {
  const bytes = hex(text)
  const options: Record<number, Uint8Array> = {}
  for (let at = 0; at < bytes.length; at += 2 + bytes[at + 1]!) {
    options[bytes[at]!] = bytes.subarray(at + 2, at + 2 + bytes[at + 1]!)
  }
  return options
}
const netboot = (vendorClass: string, userClass: string, arch: string) =>
  tlv(`${vendorClass}${userClass}5d02${arch}5e060102030405066111${GUID}`)

const HTTP_CLIENT = '3c2148545450436c69656e743a417263683a78787878783a554e44493a7979797a7a7a'
const PXE_CLIENT = '3c20505845436c69656e743a417263683a78787878783a554e44493a7979797a7a7a'
const TINKERBELL = '4d0a54696e6b657262656c6c'
const IPXE = '4d0469505845'
const GUID = '0002030405060002030405060002030405'

/** What every reply to fixture A has, here and there; 58 and 59 only here. */
const NETWORK_A: Readonly<Record<number, string>> = {
  1: 'ffffff00',
  3: 'c0a80101',
  6: '01010101',
  12: '746573742d686f7374',
  15: '6d79646f6d61696e2e636f6d',
  28: 'c0a801ff',
  42: '84a36002',
  51: '0000003c',
  58: '0000001e',
  59: '00000034',
  119: '086d79646f6d61696e03636f6d00',
}

interface Row {
  readonly vector: string
  readonly type: 'discover' | 'request'
  readonly options: NonNullable<Fields['options']>
  readonly dhcp: Partial<hardware.Dhcp>
  readonly address?: string
  readonly logServers?: readonly string[]
  readonly file: string
  readonly siaddr: string
  /** Option 67 repeats `file`. */
  readonly twin?: boolean
  readonly sent: Readonly<Record<number, string>>
}

const SCRIPT = `http://192.168.1.1:7080/ipxe/script/${MAC}/auto.ipxe`

const ROWS: readonly Row[] = [
  {
    vector: 'R1: DISCOVER of an HTTPClient that runs the iPXE of Tinkerbell',
    type: 'discover',
    options: netboot(HTTP_CLIENT, TINKERBELL, '0010'),
    dhcp: FIXTURE_A,
    file: SCRIPT,
    siaddr: '192.168.1.1',
    sent: { ...NETWORK_A, 53: '02', 54: SERVER, 97: GUID, 175: 'b00101' },
    twin: true,
  },
  {
    vector: 'R2: its REQUEST',
    type: 'request',
    options: netboot(HTTP_CLIENT, TINKERBELL, '0010'),
    dhcp: FIXTURE_A,
    file: SCRIPT,
    siaddr: '192.168.1.1',
    sent: { ...NETWORK_A, 53: '05', 54: SERVER, 97: GUID, 175: 'b00101' },
    twin: true,
  },
  {
    vector: 'R3: plain DISCOVER, routes',
    type: 'discover',
    options: {},
    dhcp: { ...FIXTURE_A, routes: ROUTES },
    file: '',
    siaddr: '0.0.0.0',
    sent: { ...NETWORK_A, 53: '02', 54: SERVER, 121: '080ac0a8010a0cac10c0a8011400c0a80101' },
  },
  {
    vector: 'R4: REQUEST of iPXE on BIOS',
    type: 'request',
    options: netboot(PXE_CLIENT, IPXE, '0000'),
    dhcp: FIXTURE_A,
    file: SCRIPT,
    siaddr: '192.168.1.1',
    sent: { ...NETWORK_A, 53: '05', 54: SERVER, 97: GUID, 175: 'b00101' },
    twin: true,
  },
  {
    vector: 'R5: REQUEST of an HTTPClient',
    type: 'request',
    options: netboot(HTTP_CLIENT, '', '0010'),
    dhcp: FIXTURE_A,
    file: `http://192.168.1.1:7080/ipxe/binary/${MAC}/ipxe.efi`,
    siaddr: '192.168.1.1',
    sent: {
      ...NETWORK_A,
      53: '05',
      54: SERVER,
      60: '48545450436c69656e74',
      97: GUID,
    },
    twin: true,
  },
  {
    vector: 'R6: every network option',
    type: 'discover',
    options: {},
    address: '192.168.1.4',
    logServers: ['192.168.7.7'],
    dhcp: {
      nameServers: ['8.8.8.8', '8.8.4.4'],
      timeServers: ['132.163.96.2', '132.163.96.3'],
      leaseSeconds: 84_600,
      domainName: 'mynet.local',
      hostname: 'test-server',
    },
    file: '',
    siaddr: '0.0.0.0',
    sent: {
      1: 'ffffff00',
      6: '0808080808080404',
      7: 'c0a80707',
      12: '746573742d736572766572',
      15: '6d796e65742e6c6f63616c',
      28: 'c0a801ff',
      42: '84a3600284a36003',
      51: '00014a78',
      53: '02',
      54: SERVER,
      58: '0000a53c',
      59: '00012129',
      119: '056d796e6574056c6f63616c00',
    },
  },
  {
    vector: 'R7: options 66 and 67 from the record, no other boot information',
    type: 'discover',
    options: netboot(PXE_CLIENT, '', '0000'),
    address: '192.168.1.4',
    logServers: ['192.168.7.7'],
    dhcp: {
      leaseSeconds: 84_600,
      tftpServerName: '192.168.1.200',
      bootFileName: 'http://example.com/boot.ipxe',
    },
    file: 'http://example.com/boot.ipxe',
    siaddr: '192.168.1.200',
    sent: {
      1: 'ffffff00',
      7: 'c0a80707',
      28: 'c0a801ff',
      51: '00014a78',
      53: '02',
      54: SERVER,
      58: '0000a53c',
      59: '00012129',
      66: '3139322e3136382e312e323030',
      67: '687474703a2f2f6578616d706c652e636f6d2f626f6f742e69707865',
    },
  },
]

const sentOptions = ({ options }: DhcpMessage) =>
  Object.fromEntries([...options].map(([code, value]) => [code, Buffer.from(value).toString('hex')]))

describe('what Smee answers in reservation mode', () => {
  for (const row of ROWS) {
    test(row.vector, () => {
      const record = machine({ mac: MAC, address: row.address ?? '192.168.1.100', dhcp: row.dhcp })
      const site = new Site({ machines: [record], dhcp: { logServers: row.logServers ?? [] } })
      const requested = row.address ?? '192.168.1.100'
      const asked = message(row.type, { mac: MAC, requested, asks: EVERYTHING, options: row.options })
      const { reply } = site.answer(asked, { link: US })
      assert.deepEqual(
        [reply.file.split('?')[0], formatIpv4(reply.siaddr), formatIpv4(reply.yiaddr)],
        [row.file, row.siaddr, requested],
      )
      const twin = row.twin === true ? { 67: Buffer.from(reply.file).toString('hex') } : {}
      assert.deepEqual(sentOptions(reply), { ...row.sent, ...twin })
    })
  }
})
