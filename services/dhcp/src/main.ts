import type { AddressRange } from '@reboots/leases'
import { configService, now, runService, startHealth } from '@reboots/runtime'
import { announcement } from './announcement.ts'
import { gaugeLeases } from './adapters/metrics.ts'
import { listMachines } from './adapters/list-machines.ts'
import { openPorts } from './adapters/live-ports.ts'
import { limitsOf, openDoors } from './adapters/open-doors.ts'
import { openLeases } from './adapters/open-leases.ts'
import { examine } from './check/examine.ts'
import { shape } from './config.ts'
import { serveLeases } from './lease-api/serve-leases.ts'

await runService({
  name: 'dhcp',
  shape,
  limits: ({ dhcp }) => limitsOf(dhcp),
  async examine(loaded, withMachines) {
    return examine(loaded, withMachines ? await listMachines(loaded.config.control.hardware) : undefined)
  },
  async start(context) {
    const { config, log, metrics } = context
    let ranges = (): readonly AddressRange[] => []
    const leases = await openLeases(config.dhcp.leases, context.directory, log, () => ranges())
    const ports = openPorts(context, leases)
    ranges = () => ports.current.settings.networks.ranges()
    gaugeLeases(metrics, leases, now)

    const doors = await openDoors(ports, leases, context)
    await ports.follow((links) => doors.serve(links))
    const settings = () => ports.current.settings
    const { machines } = ports
    const served = { settings, machines, others: [configService(context.live)] }
    const api = await serveLeases({ listen: config.dhcp.api.listen, leases, ...served, log, metrics })
    const ready = () => [...ports.problems(), ...(leases.problem === undefined ? [] : [`leases: ${leases.problem}`])]
    const health = await startHealth({ listen: config.dhcp.metrics.listen, metrics, ready })
    const others = { gRPC: api.address, metrics: health.address }
    context.announce(...announcement(ports.links, others, settings().servesUnknown, doors.probing))
    return {
      async close() {
        ports.close()
        await Promise.all([doors.close(), api.close(), health.close()])
        await leases.close()
      },
    }
  },
})
