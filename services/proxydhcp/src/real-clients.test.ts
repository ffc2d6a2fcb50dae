import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeMessage, macOf, messageType } from '@reboots/protocol/dhcp'
import { formatIpv4 } from '@reboots/protocol/net'
import type { DhcpAnswer } from '@reboots/runtime'
import type { Outcome } from './outcome.ts'
import { answered, NOBODY, site, siteOf, UEFI, vector, vectorBytes } from './site.fixture.ts'

const OFFER = 'offer to 255.255.255.255:68'
const ACK = 'ack to 192.168.77.87:4011'
const REFUSED = 'PXEClient /netboot-not-allowed'
const HTTP = 'http://192.168.77.1:7080/ipxe'
const uri = (file: string): string => `HTTPClient ${HTTP}/binary/MAC/${file}`
const script = (arch: number): string =>
  `PXEClient ${HTTP}/script/MAC/auto.ipxe?arch=${arch}&uuid=00000000-0000-0000-0000-000000000000`

const UNKNOWN = 'ignored-by-policy'
const OTHERS = 'not-a-discover'
const STRANGER = 'not-a-network-boot-client'

/** Real packet, port; what it gets when its machine is known, known and not allowed to boot, unknown. */
const rows: readonly (readonly [string, 67 | 4011, string, string, string])[] = [
  ['v01-ovmf-x64-pxe-discover', 67, `${OFFER} PXEClient ipxe.efi`, `${OFFER} ${REFUSED}`, UNKNOWN],
  ['v01-ovmf-x64-pxe-discover', 4011, `${ACK} PXEClient ipxe.efi`, `${ACK} ${REFUSED}`, UNKNOWN],
  ['v02-ovmf-x64-pxe-request', 67, OTHERS, OTHERS, OTHERS],
  ['v02-ovmf-x64-pxe-request', 4011, 'other-server-selected', 'other-server-selected', 'other-server-selected'],
  ['v03-ovmf-x64-binl-request', 67, OTHERS, OTHERS, OTHERS],
  ['v03-ovmf-x64-binl-request', 4011, `${ACK} PXEClient ipxe.efi`, `${ACK} ${REFUSED}`, UNKNOWN],
  ['v04-ipxe-bios-discover', 67, `${OFFER} ${script(0)}`, `${OFFER} ${script(0)}`, UNKNOWN],
  ['v04-ipxe-bios-discover', 4011, `${ACK} ${script(0)}`, `${ACK} ${script(0)}`, UNKNOWN],
  ['v05-ipxe-efi-discover', 67, `${OFFER} ${script(7)}`, `${OFFER} ${script(7)}`, UNKNOWN],
  ['v05-ipxe-efi-discover', 4011, `${ACK} ${script(7)}`, `${ACK} ${script(7)}`, UNKNOWN],
  ['v06-ipxe-efi-proxy-request', 67, OTHERS, OTHERS, OTHERS],
  ['v06-ipxe-efi-proxy-request', 4011, `${ACK} ${script(7)}`, `${ACK} ${script(7)}`, UNKNOWN],
  ['v07-ovmf-x64-http-discover', 67, `${OFFER} ${uri('ipxe.efi')}`, `${OFFER} ${uri('netboot-not-allowed')}`, UNKNOWN],
  [
    'v07-ovmf-x64-http-discover',
    4011,
    'http-client-at-boot-server',
    'http-client-at-boot-server',
    'http-client-at-boot-server',
  ],
  [
    'v08-aavmf-arm64-http-discover',
    67,
    `${OFFER} ${uri('ipxe-arm64.efi')}`,
    `${OFFER} ${uri('netboot-not-allowed')}`,
    UNKNOWN,
  ],
  [
    'v08-aavmf-arm64-http-discover',
    4011,
    'http-client-at-boot-server',
    'http-client-at-boot-server',
    'http-client-at-boot-server',
  ],
  ['v09-aavmf-arm64-pxe-discover', 67, `${OFFER} PXEClient ipxe-arm64.efi`, `${OFFER} ${REFUSED}`, UNKNOWN],
  ['v09-aavmf-arm64-pxe-discover', 4011, `${ACK} PXEClient ipxe-arm64.efi`, `${ACK} ${REFUSED}`, UNKNOWN],
  ['v10-u-boot-arm64-discover', 67, STRANGER, STRANGER, STRANGER],
  ['v10-u-boot-arm64-discover', 4011, STRANGER, STRANGER, STRANGER],
  ['v11-u-boot-riscv64-pxe-discover', 67, `${OFFER} PXEClient ipxe-riscv64.efi`, `${OFFER} ${REFUSED}`, UNKNOWN],
  ['v11-u-boot-riscv64-pxe-discover', 4011, `${ACK} PXEClient ipxe-riscv64.efi`, `${ACK} ${REFUSED}`, UNKNOWN],
]

for (const [name, port, known, denied, unknown] of rows) {
  const message = vector(name)
  const from = { 67: NOBODY, 4011: UEFI }[port]
  const cases = [
    ['known', siteOf(message), known],
    ['denied', siteOf(message, false), denied],
    ['unknown', site(), unknown],
  ] as const
  for (const [who, ports, expected] of cases) {
    test(`${name} at ${port}, ${who}: ${expected}`, () => {
      assert.equal(described(answered(vectorBytes(name), port, ports, from)), expected)
    })
  }
}

function described({ fate, send, message }: DhcpAnswer<Outcome>): string {
  if (send === undefined || message === undefined) return fate
  const reply = decodeMessage(send.bytes)
  const { address, port } = send.to.to
  const vendor = String.fromCharCode(...reply.options.get(60)!)
  return `${messageType(reply)} to ${formatIpv4(address)}:${port} ${vendor} ${reply.file}`.replace(
    macOf(message),
    'MAC',
  )
}
