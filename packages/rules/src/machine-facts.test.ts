import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maskOfPrefix, parseIpv4, parseMac } from '@reboots/protocol/net'
import { clientFacts, describedClientFacts, networkFacts } from './client-facts.ts'
import { machineFacts, UNKNOWN_MACHINE } from './machine-facts.ts'
import type { InterfaceRecord, MachineRecord } from './machine-record.ts'

const bare: InterfaceRecord = {
  mac: '52:54:00:00:00:02',
  name: '',
  uefi: false,
  isoUrl: '',
  dhcp: undefined,
  netboot: undefined,
}
const full: InterfaceRecord = {
  mac: '52:54:00:00:00:01',
  name: 'eno1',
  uefi: true,
  isoUrl: 'http://a/x.iso',
  dhcp: { address: '192.0.2.10', hostname: 'node-1', vlanId: '16' },
  netboot: {
    allowPxe: true,
    allowWorkflow: true,
    ipxe: { url: 'http://a/s.ipxe', contents: '', binary: 'snponly.efi' },
    osie: { baseUrl: 'http://a', kernel: 'k', initrd: 'i', kernelParams: ['quiet'] },
  },
}
const record: MachineRecord = {
  id: 'm1',
  name: 'node-1',
  arch: 'x86_64',
  facility: 'onprem',
  agentId: 'agent',
  state: 'provisioning',
  labels: { rack: '12' },
  tags: ['gpu'],
  metadata: undefined,
  interfaces: [full, bare],
}

test('machineFacts: the interface that asks, by index or itself; what the record leaves out is empty', () => {
  const { interfaces: _, ...machine } = record
  const { dhcp, netboot, ...iface } = full
  const first = { ...machine, known: true, metadata: {}, interface: { ...iface, ...dhcp }, netboot }
  const second = {
    ...machine,
    known: true,
    metadata: {},
    interface: { ...UNKNOWN_MACHINE.interface, mac: '52:54:00:00:00:02' },
    netboot: UNKNOWN_MACHINE.netboot,
  }
  assert.deepEqual(machineFacts(record, 0), first)
  assert.deepEqual(machineFacts(record, full), first)
  assert.deepEqual(machineFacts(record, bare), second)
  assert.deepEqual(machineFacts(record, 7).interface, UNKNOWN_MACHINE.interface)
})

test('clientFacts: what the client did not say is empty', () => {
  const mac = parseMac('52:54:00:00:00:01')!
  const client = { mac, arch: 7, archs: [7], vendorClass: 'PXEClient', userClass: ['iPXE'] } as const
  const plain = { mac, oui: '52:54:00', arch: 7, vendorClass: 'PXEClient', userClass: ['iPXE'] }
  assert.deepEqual(clientFacts({ ...client, firmware: 'uefi-x64', transport: 'tftp', loader: 'ipxe' }), {
    ...plain,
    firmware: 'uefi-x64',
    transport: 'tftp',
    loader: 'ipxe',
    uuid: '',
    ipxe: { version: '', features: [], busId: '' },
  })
})

test('describedClientFacts: firmware and transport follow from the architecture type', () => {
  const rows = [
    [{ arch: 0 }, 'bios', 'tftp'],
    [{ arch: 7 }, 'uefi-x64', 'tftp'],
    [{ arch: 16 }, 'uefi-x64', 'http'],
    [{ arch: 16, transport: 'tftp' }, 'uefi-x64', 'tftp'],
    [{ arch: 9999 }, 'other', 'tftp'],
    [{}, '', 'tftp'],
  ] as const
  for (const [described, firmware, transport] of rows) {
    const facts = describedClientFacts({ mac: '52:54:00:00:00:01', ...described })
    assert.deepEqual([facts.firmware, facts.transport], [firmware, transport])
  }
})

test('networkFacts', () => {
  const address = parseIpv4('192.0.2.77')!
  assert.deepEqual(networkFacts({ link: 'eth0' }), {
    link: 'eth0',
    giaddr: '',
    circuitId: '',
    remoteId: '',
    relayFlags: [],
    subnet: '',
  })
  assert.deepEqual(
    networkFacts({
      link: 'eth0',
      giaddr: parseIpv4('192.0.2.1')!,
      circuitId: Uint8Array.of(0, 255, 16),
      remoteId: Uint8Array.of(1),
      subnet: { address, mask: maskOfPrefix(26) },
    }),
    { link: 'eth0', giaddr: '192.0.2.1', circuitId: '00ff10', remoteId: '01', relayFlags: [], subnet: '192.0.2.64/26' },
  )
  const flags = [0x80, 0xff, 0x00, 0x7f].map((flags) => networkFacts({ link: 'eth0', flags }).relayFlags)
  assert.deepEqual(flags, [['unicast'], ['unicast'], ['broadcast'], ['broadcast']])
})
