import { formatIpv4 } from '@reboots/protocol/net'
import { SeenBoots } from '@reboots/rules'
import { ChainLoads, LiveSettings, now, reportBoots, runService, startHealth } from '@reboots/runtime'
import { openDoors } from './adapters/doors.ts'
import { openControlPlane } from './adapters/replicas.ts'
import { watchServers } from './adapters/watch-servers.ts'
import { Choices } from './choices.ts'
import { LIVE, settingsOf, shape } from './config.ts'
import type { Ports } from './ports.ts'
import { RelayWays } from './relayed.ts'

await runService({
  name: 'proxydhcp',
  shape,
  async start(context) {
    const { config, log, metrics } = context
    const settings = new LiveSettings(context, ({ config, placeOf }, links) => settingsOf(config, links, placeOf))
    const replicas = openControlPlane(config.control, log, metrics)
    const history = new SeenBoots(replicas.history, now)
    const reporting = reportBoots(config.control.rules, history, log, metrics)
    const memories = { history, choices: new Choices(), chainLoads: new ChainLoads(), relayWays: new RelayWays() }
    let ports: Ports = { ...replicas, ...memories, settings: settings.current }

    const surroundings = { log, metrics, ioThread: config.links.ioThread }
    const doors = await openDoors(settings.links, () => ports, surroundings, config.proxydhcp)
    const watch = await watchServers(config, () => ports, settings.links, { log, metrics })
    await settings.follow(LIVE, (settings, links) => {
      ports = { ...ports, settings }
      doors.serve(links)
      watch?.serve(links)
    })
    const { listen } = config.proxydhcp.metrics
    const documents = watch === undefined ? {} : { '/servers': () => watch.document() }
    const health = await startHealth({ listen, metrics, ready: replicas.problems, documents })
    context.announce(
      [
        ...doors.open.map(({ link, port }) => ({
          what: 'proxyDHCP',
          address: `${formatIpv4(link.address)}:${port} on ${link.name}`,
        })),
        { what: 'metrics', address: health.address },
      ],
      'boot files for network-boot clients that the policy lets boot; no addresses, and nothing for anybody else',
    )
    return {
      async close() {
        settings.close()
        watch?.close()
        await Promise.all([doors.close(), health.close()])
        replicas.close()
        await reporting.close()
      },
    }
  },
})
