import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diskWithLoader } from './disk.ts'
import { answersOf, assertHonestServers, fetchesOf } from './evidence.ts'
import { assertArguments, LAB_MISSING as skip, MAC, recordOf, RESERVED, SCRIPT_AND_KERNEL } from './lab.ts'
import { BOOT_WITHIN_MS, REBOOTS_ADDRESS, withNetwork, type NetworkOptions } from './network.ts'
import type { ServiceName } from './stack.ts'

// Reboots is the only DHCP server.

const SERVICES: readonly ServiceName[] = ['hardware', 'rules-engine', 'dhcp', 'tftp', 'ipxe-http']
const URL = `http://${REBOOTS_ADDRESS}:7080/ipxe/script/${MAC}/auto.ipxe`

test('row 1: SeaBIOS and the iPXE ROM boot by our dhcp, with the control plane gone', { skip }, async () => {
  const record = recordOf('1', { address: RESERVED })
  const options: NetworkOptions = { label: 'row-1', services: SERVICES, records: [record], ipv6: 'none' }
  await withNetwork(options, async (network) => {
    await network.stopControlPlane()
    const { commandLine, sightings } = await network.boot('bios', MAC)
    assertArguments(commandLine, record)
    assert.deepEqual(fetchesOf(sightings), SCRIPT_AND_KERNEL)
    const last = answersOf(sightings).at(-1)
    assert.deepEqual(last, { type: 'ack', server: REBOOTS_ADDRESS, yiaddr: RESERVED, file: URL, port: 67 })
    assertHonestServers(sightings)
  })
})

test(
  'row 2: OVMF boots by our dhcp: iPXE by TFTP, then its script, with the control plane gone',
  { skip },
  async () => {
    const record = recordOf('2', { address: RESERVED, uefi: true })
    const options: NetworkOptions = { label: 'row-2', services: SERVICES, records: [record], ipv6: 'advertised' }
    await withNetwork(options, async (network) => {
      await network.stopControlPlane()
      const { commandLine, sightings } = await network.boot('uefi', MAC)
      assertArguments(commandLine, record)
      assert.deepEqual(fetchesOf(sightings), ['RRQ ipxe.efi', ...SCRIPT_AND_KERNEL])
      const acks = answersOf(sightings).filter(({ type }) => type === 'ack')
      const ours = { type: 'ack', server: REBOOTS_ADDRESS, yiaddr: RESERVED, port: 67 }
      assert.deepEqual(acks, [
        { ...ours, file: 'ipxe.efi' },
        { ...ours, file: URL },
      ])
      assertHonestServers(sightings)
    })
  },
)

test('row 5: OVMF goes on to its disk when netboot is not allowed, and the log says why', { skip }, async () => {
  const record = recordOf('5', { address: RESERVED, uefi: true, allowPxe: false })
  const options: NetworkOptions = { label: 'row-5', services: SERVICES, records: [record], ipv6: 'managed' }
  await withNetwork(options, async (network) => {
    const machine = await network.powerOn('uefi', MAC, await diskWithLoader(network.directory))
    await machine.waitFor(/>>Start PXE over IPv4/, BOOT_WITHIN_MS)
    // The name of the disk's boot entry; the entry before it is the network card's.
    await machine.waitFor(/BdsDxe: starting Boot[0-9A-F]+ "UEFI Misc Device"/, BOOT_WITHIN_MS)
    await machine.powerOff()
    assert.deepEqual(fetchesOf(network.sightings()), [])
    const answered = network.stack.log('dhcp').find(({ mac, sent }) => mac === MAC && sent === 'offer')
    assert.equal(answered?.['rule'], 'netboot-not-allowed')
    assert.match(JSON.stringify(answered), /netboot is not allowed in the hardware record/)
  })
})
