import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fetchesOf } from './evidence.ts'
import { assertArguments, LAB_MISSING as skip, MAC, recordOf, RESERVED, SCRIPT_AND_KERNEL } from './lab.ts'
import { withNetwork, type NetworkOptions } from './network.ts'
import { kea } from './site.ts'
import type { ServiceName } from './stack.ts'

// One service is stopped and started again between two boots; the others notice nothing. The control plane runs throughout.

const OTHERS: readonly ServiceName[] = ['hardware', 'rules-engine', 'tftp', 'ipxe-http']
const ROWS: readonly (readonly [
  service: ServiceName,
  around: Pick<NetworkOptions, 'site'>,
  address: string | undefined,
])[] = [
  ['dhcp', {}, RESERVED],
  ['proxydhcp', { site: kea }, undefined],
]

for (const [service, around, address] of ROWS) {
  test(
    `row 6: OVMF boots before and after ${service} is stopped and started, nothing else restarts`,
    { skip },
    async () => {
      const reserved = address === undefined ? {} : { address }
      const record = recordOf('6', { uefi: true, ...reserved })
      const services = [service, ...OTHERS]
      const options: NetworkOptions = {
        label: `row-6-${service}`,
        services,
        records: [record],
        ipv6: 'advertised',
        ...around,
      }
      await withNetwork(options, async (network) => {
        const before = network.stack.pids()
        const first = await network.boot('uefi', MAC)
        await network.stack.stop(service)
        assert.deepEqual([...network.stack.pids().keys()].toSorted(), OTHERS.toSorted())
        await network.stack.start(service)
        const second = await network.boot('uefi', MAC)
        for (const { commandLine, sightings } of [first, second]) {
          assertArguments(commandLine, record)
          assert.deepEqual(fetchesOf(sightings), ['RRQ ipxe.efi', ...SCRIPT_AND_KERNEL])
        }
        const after = network.stack.pids()
        for (const other of OTHERS) assert.equal(after.get(other), before.get(other), other)
        assert.notEqual(after.get(service), before.get(service))
      })
    },
  )
}
