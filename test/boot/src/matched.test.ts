import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answersOf, assertHonestServers, fetchesOf } from './evidence.ts'
import { assertArguments, LAB_MISSING as skip, MAC, recordOf, RESERVED, SCRIPT_AND_KERNEL } from './lab.ts'
import { REBOOTS_ADDRESS, withNetwork, type NetworkOptions } from './network.ts'
import type { ServiceName } from './stack.ts'

const SERVICES: readonly ServiceName[] = ['hardware', 'rules-engine', 'dhcp', 'tftp', 'ipxe-http']
const UUID = '4c4c4544-0042-3010-8057-b4c04f4a3132'

test('SeaBIOS and the iPXE ROM boot what their UUID has a record for, which has no MAC', { skip }, async () => {
  const record = recordOf('uuid', { address: RESERVED, match: { uuid: UUID } })
  const options: NetworkOptions = { label: 'row-uuid', services: SERVICES, records: [record], ipv6: 'none' }
  await withNetwork(options, async (network) => {
    const { commandLine, sightings } = await network.boot('bios', MAC, UUID)
    assertArguments(commandLine, record)
    assert.deepEqual(fetchesOf(sightings), SCRIPT_AND_KERNEL)
    const { type, server, yiaddr } = answersOf(sightings).at(-1)!
    assert.deepEqual([type, server, yiaddr], ['ack', REBOOTS_ADDRESS, RESERVED])
    assertHonestServers(sightings)
  })
})
