import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '@reboots/protocol/bytes'
import { decodeMessage, encodeMessage, type DhcpMessage } from '@reboots/protocol/dhcp'
import { formatIpv4 } from '@reboots/protocol/net'
import { answered, changed, NOBODY, site, siteOf, UEFI, vector } from './site.fixture.ts'
import type { Ports } from './ports.ts'

/* An iPXE in the card that cannot load by HTTP: it is sent to load another one by TFTP, and that gets the script. */
const CARD = changed(vector('v04-ipxe-bios-discover'), { 175: 'eb03010000 150101 170101' })
/** The other one, without HTTP as well. */
const POOR = changed(vector('v04-ipxe-bios-discover'), { 175: 'eb03011501 150101 170101' })
const RICH = vector('v04-ipxe-bios-discover')
const SCRIPT = 'http://192.168.77.1:7080/ipxe/script/'

/** Server and file of the answer; the file is cut behind the path in which the MAC stands. */
function fileFor(message: DhcpMessage, xid: number, ports: Ports, port: 67 | 4011 = 67): string {
  const bytes = encodeMessage({ ...message, xid })
  const { send, fate } = answered(bytes, port, ports, port === 67 ? NOBODY : UEFI)
  if (send === undefined) return fate
  const { siaddr, file, options } = decodeMessage(send.bytes)
  return `${formatIpv4(siaddr)} ${file.startsWith(SCRIPT) ? SCRIPT : file} 43=${hex(options.get(43) ?? new Uint8Array(0))}`
}

const BINARY = '192.168.77.1 undionly.kpxe 43='
const URL = `192.168.77.1 ${SCRIPT} 43=`

test('it loads the one that is configured, which gets the script', () => {
  const ports = siteOf(CARD)
  assert.deepEqual(
    [fileFor(CARD, 1, ports), fileFor(CARD, 1, ports), fileFor(CARD, 1, ports, 4011)],
    [BINARY, BINARY, BINARY],
  )
  assert.equal(fileFor(RICH, 2, ports), URL)
})

test('what it has loaded is not sent round again, on either port', () => {
  const ports = siteOf(CARD)
  assert.equal(fileFor(CARD, 1, ports), BINARY)
  assert.deepEqual([fileFor(POOR, 2, ports), fileFor(POOR, 2, ports, 4011), fileFor(POOR, 3, ports)], [URL, URL, URL])
})

test('a machine that may not boot, and one that nobody knows', () => {
  assert.equal(fileFor(CARD, 1, siteOf(CARD, false)), '192.168.77.1 /netboot-not-allowed 43=')
  assert.equal(fileFor(CARD, 1, site()), 'ignored-by-policy')
})
