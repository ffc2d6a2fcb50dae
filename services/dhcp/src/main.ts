import type { LeaseStep, StepResult } from '@reboots/leases'
import { SERVER_PORT } from '@reboots/protocol/dhcp'
import { findLinks, now, runService, serveDhcpWithStore, startHealth } from '@reboots/runtime'
import { announcement } from './announcement.ts'
import { gaugeLeases } from './adapters/metrics.ts'
import { openLeases } from './adapters/open-leases.ts'
import { openControlPlane } from './adapters/replicas.ts'
import { settingsOf, shape } from './config.ts'
import { handle } from './handle.ts'
import { levelOf, remarksOf } from './packet-line.ts'
import type { Outcome } from './outcome.ts'
import type { Ports } from './ports.ts'
import { RelayMemory } from './relay-memory.ts'

await runService({
  name: 'dhcp',
  shape,
  async start(context) {
    const { config, log, metrics } = context
    const links = findLinks(config.links.interfaces)
    const settings = settingsOf(config, links)
    const leases = await openLeases(config.dhcp.leases, context.directory, log)
    const replicas = openControlPlane({ control: config.control, leases, settings, log, metrics })
    const ports: Ports = { ...replicas, leases, relays: new RelayMemory(), settings }
    gaugeLeases(metrics, leases, now)

    const doors = await serveDhcpWithStore<Outcome, LeaseStep, StepResult>({
      name: 'dhcp',
      run: (steps, now) => leases.run(steps, now),
      links,
      doors: [[SERVER_PORT, (message, arrival, now) => handle(message, arrival, ports, now)]],
      level: levelOf,
      remarks: remarksOf,
      log,
      metrics,
    })
    const ready = () => [...replicas.problems(), ...(leases.problem === undefined ? [] : [`leases: ${leases.problem}`])]
    const health = await startHealth({ listen: config.dhcp.metrics.listen, metrics, ready })
    context.announce(...announcement(links, health.address, settings.servesUnknown))
    return {
      async close() {
        await Promise.all([...doors.map((door) => door.close()), health.close()])
        replicas.close()
        await leases.close()
      },
    }
  },
})
