import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONFIG_REFUSED, type UdpLink } from '@reboots/runtime'
import { parseIpv4, parseMac } from '@reboots/protocol/net'
import { introduction, shownLine, shownRefusals, type Announcement, type Refusal } from './show.ts'

const link: UdpLink = {
  name: 'eth0',
  index: 2,
  address: parseIpv4('192.0.2.1')!,
  mask: parseIpv4('255.255.255.0')!,
  hardwareAddress: parseMac('02:00:00:00:00:01')!,
}
const hardware: Announcement = {
  type: 'announce',
  service: 'hardware',
  listens: [
    { what: 'gRPC', address: '127.0.0.1:42113' },
    { what: 'metrics', address: '127.0.0.1:7113' },
  ],
  answers: '2 machines',
}
const dhcp: Announcement = {
  type: 'announce',
  service: 'dhcp',
  listens: [{ what: 'DHCP', address: '192.0.2.1:67 on eth0' }],
  answers: 'known machines',
}

test('what listens where, what it answers, and what to do next', () => {
  const machines = { set: '/srv/hardware.yaml', shown: '/srv/hardware.yaml', isExample: false }
  const text = introduction({ mode: 'full', services: ['hardware', 'dhcp'], links: [link], machines }, [hardware, dhcp])
  assert.equal(
    text,
    `Reboots is ready, in full mode on eth0 (192.0.2.1).

  hardware  gRPC 127.0.0.1:42113       2 machines
            metrics 127.0.0.1:7113
  dhcp      DHCP 192.0.2.1:67 on eth0  known machines

What to do next
  1. The machines are those of /srv/hardware.yaml; it is read again when it changes.
  2. Reboots gives the addresses that the records reserve. No other DHCP server should answer the same machines.
  3. Set a machine to boot from the network (PXE or UEFI HTTP), connect it to the network of eth0, and switch it on.
  Every packet shows below as a line. Ctrl-C stops everything.`,
  )
})

test('what is not up yet is named, and the example is said to be one', () => {
  const machines = { set: undefined, shown: '', isExample: true }
  const text = introduction({ mode: 'proxy', services: ['hardware', 'proxydhcp'], links: [], machines }, [hardware])
  assert.match(text, /^Reboots is not ready yet \(proxydhcp\), it goes on trying\.$/m)
  assert.match(text, /1\. These are example machines, which exist nowhere/)
  assert.match(text, /2\. Leave your DHCP server as it is/)
})

const refusal = (service: string, message: string, remedy: string): Refusal => ({
  type: 'fatal',
  service,
  message,
  remedy,
})

const refusals: readonly { name: string; given: readonly Refusal[]; text: string }[] = [
  {
    name: 'one',
    given: [refusal('tftp', 'UDP port 69 is taken by tftpd (pid 7)', 'Stop that program.')],
    text: 'tftp: UDP port 69 is taken by tftpd (pid 7)\n  Stop that program.',
  },
  {
    name: 'two with the same remedy, and another',
    given: [
      refusal('dhcp', 'no permission for UDP port 67', 'Run it as root:\n  sudo'),
      refusal('ipxe-http', 'TCP port 7080 is taken', 'Stop that program.'),
      refusal('tftp', 'no permission for UDP port 69', 'Run it as root:\n  sudo'),
    ],
    text: [
      'dhcp: no permission for UDP port 67',
      'tftp: no permission for UDP port 69',
      '  Run it as root:',
      '    sudo',
      '',
      'ipxe-http: TCP port 7080 is taken',
      '  Stop that program.',
    ].join('\n'),
  },
  {
    name: 'errors of one configuration, found by several services',
    given: [
      refusal('dhcp', CONFIG_REFUSED, 'c.yaml:2:1 log.a: unknown key\nc.yaml:10:1 dhcp.b: unknown key'),
      refusal('tftp', CONFIG_REFUSED, 'c.yaml:2:1 log.a: unknown key\nc.yaml:4:1 tftp.c: unknown key'),
    ],
    text: [
      `dhcp, tftp: ${CONFIG_REFUSED}`,
      '  c.yaml:2:1 log.a: unknown key',
      '  c.yaml:4:1 tftp.c: unknown key',
      '  c.yaml:10:1 dhcp.b: unknown key',
    ].join('\n'),
  },
]
for (const { name, given, text } of refusals) {
  test(`refusals as they are shown: ${name}`, () => assert.equal(shownRefusals(given), text))
}

test('what is no log record is shown too', () => {
  assert.match(shownLine('tftp', 'Segmentation fault', false), /^[\d:.]+ tftp +WARN Segmentation fault$/)
})
