import { LeaseTable } from '@reboots/leases'
import { SERVER_PORT } from '@reboots/protocol/dhcp'
import { formatIpv4, type Seconds } from '@reboots/protocol/net'
import { parsePolicy } from '@reboots/rules'
import {
  bootServersOn,
  findLinks,
  now,
  openMachineReplica,
  openPolicyReplica,
  runService,
  serveDhcp,
  startHealth,
} from '@reboots/runtime'
import { gaugeLeases } from './adapters/metrics.ts'
import { shape } from './config.ts'
import { handle } from './handle.ts'
import { levelOf, remarksOf } from './packet-line.ts'
import type { Outcome } from './outcome.ts'
import type { Ports, Settings } from './ports.ts'
import { reservationOf } from './reservation.ts'

await runService({
  name: 'dhcp',
  shape,
  async start(context) {
    const { config, log, metrics } = context
    const links = findLinks(config.links.interfaces)
    const servers = new Map(links.map((link) => [link.name, bootServersOn(link, config.boot)]))
    const settings: Settings = {
      authoritative: config.dhcp.authoritative,
      offerTime: config.dhcp.offerSeconds as Seconds,
      quarantineTime: config.dhcp.declineQuarantineSeconds as Seconds,
      logServers: config.dhcp.logServers,
      bootServers: (link) => servers.get(link.name)!,
    }
    const machines = openMachineReplica({
      address: config.control.hardware,
      prepare: (machine, iface) => reservationOf(machine, iface, settings),
      log,
      metrics,
    })
    const policy = openPolicyReplica({
      address: config.control.rules,
      compile: (document, version) => parsePolicy(document, 'policy', version),
      log,
      metrics,
    })
    const ports: Ports = { machines, policy, leases: new LeaseTable(), settings }
    gaugeLeases(metrics, ports.leases, now)

    const doors = await serveDhcp<Outcome>({
      name: 'dhcp',
      links,
      doors: [[SERVER_PORT, (message, arrival, now) => handle(message, arrival, ports, now)]],
      level: levelOf,
      remarks: remarksOf,
      log,
      metrics,
    })
    const ready = () => [machines.problem, policy.problem].filter((problem) => problem !== undefined)
    const health = await startHealth({ listen: config.dhcp.metrics.listen, metrics, ready })
    context.announce(
      [
        ...links.map(({ name, address }) => ({ what: 'DHCP', address: `${formatIpv4(address)}:67 on ${name}` })),
        { what: 'metrics', address: health.address },
      ],
      'addresses and boot files for the machines in the hardware records, silence for all others',
    )
    return {
      async close() {
        await Promise.all([...doors.map((door) => door.close()), health.close()])
        machines.close()
        policy.close()
      },
    }
  },
})
