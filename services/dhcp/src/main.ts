import type { AddressRange, LeaseStep, StepResult } from '@reboots/leases'
import { SERVER_PORT } from '@reboots/protocol/dhcp'
import { now, runService, serveDhcpWithStore, startHealth } from '@reboots/runtime'
import { announcement } from './announcement.ts'
import { gaugeLeases } from './adapters/metrics.ts'
import { openPorts } from './adapters/live-ports.ts'
import { openLeases } from './adapters/open-leases.ts'
import { shape } from './config.ts'
import { handle } from './handle.ts'
import { levelOf, remarksOf } from './packet-line.ts'
import type { Outcome } from './outcome.ts'

await runService({
  name: 'dhcp',
  shape,
  async start(context) {
    const { config, log, metrics } = context
    let ranges = (): readonly AddressRange[] => []
    const leases = await openLeases(config.dhcp.leases, context.directory, log, () => ranges())
    const ports = openPorts(context, leases)
    ranges = () => ports.current.settings.networks.ranges()
    gaugeLeases(metrics, leases, now)

    const doors = await serveDhcpWithStore<Outcome, LeaseStep, StepResult>({
      name: 'dhcp',
      run: (steps, now) => leases.run(steps, now),
      links: ports.links,
      doors: [[SERVER_PORT, (message, arrival, now) => handle(message, arrival, ports.current, now)]],
      level: levelOf,
      remarks: remarksOf,
      log,
      metrics,
    })
    await ports.follow((links) => doors.serve(links))
    const ready = () => [...ports.problems(), ...(leases.problem === undefined ? [] : [`leases: ${leases.problem}`])]
    const health = await startHealth({ listen: config.dhcp.metrics.listen, metrics, ready })
    context.announce(...announcement(ports.links, health.address, ports.current.settings.servesUnknown))
    return {
      async close() {
        ports.close()
        await Promise.all([doors.close(), health.close()])
        await leases.close()
      },
    }
  },
})
