import { formatIpv4 } from '@reboots/protocol/net'
import { compileMatch, machineFacts, parsePolicy, type MachineFacts, type Policy, type Sighting } from '@reboots/rules'
import { bootServersOn, findLinks, openReplicas, runService, startHealth } from '@reboots/runtime'
import { openDoors } from './adapters/doors.ts'
import { shape } from './config.ts'
import type { Ports } from './ports.ts'

await runService({
  name: 'proxydhcp',
  shape,
  async start(context) {
    const { config, log, metrics } = context
    const links = findLinks(config.links.interfaces)
    const replicas = openReplicas<MachineFacts, Policy, Sighting>({
      control: config.control,
      prepare: machineFacts,
      match: (when) => compileMatch(when).test,
      compile: (document, version) => parsePolicy(document, 'policy', version),
      log,
      metrics,
    })
    const servers = new Map(links.map((link) => [link.name, bootServersOn(link, config.boot)]))
    const settings = {
      bootServers: (link: { readonly name: string }) => servers.get(link.name)!,
      addresses: new Set(links.map((link) => link.address)),
    }
    const ports: Ports = { ...replicas, settings }

    const doors = await openDoors(links, ports, { log, metrics })
    const health = await startHealth({ listen: config.proxydhcp.metrics.listen, metrics, ready: replicas.problems })
    context.announce(
      [
        ...doors.map(({ link, port }) => ({
          what: 'proxyDHCP',
          address: `${formatIpv4(link.address)}:${port} on ${link.name}`,
        })),
        { what: 'metrics', address: health.address },
      ],
      'boot files for network-boot clients that the policy lets boot; no addresses, and nothing for anybody else',
    )
    return {
      async close() {
        await Promise.all([...doors.map((door) => door.close()), health.close()])
        replicas.close()
      },
    }
  },
})
