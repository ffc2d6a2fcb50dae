import path from 'node:path'
import { formatIpv4 } from '@reboots/protocol/net'
import { SeenBoots } from '@reboots/rules'
import { chooseLinks, now, reportBoots, runService } from '@reboots/runtime'
import { bootApiClient } from './adapters/boot-api-client.ts'
import { bootFilesOnDisk } from './adapters/boot-files.ts'
import { listenOnAll } from './adapters/listeners.ts'
import { openControlPlane, scriptPorts } from './adapters/replicas.ts'
import { createApp } from './app.ts'
import { onBootApi } from './boot-api/on-boot-api.ts'
import { addressesOf, shape } from './config.ts'
import { onBooted } from './on-booted.ts'
import { onConfig } from './on-config.ts'
import { onScript } from './on-script.ts'
import { siteOf } from './site.ts'

await runService({
  name: 'ipxe-http',
  shape,
  async start({ config, directory, log, metrics, announce }) {
    const replicas = openControlPlane(config.control, log, metrics)
    const boots = new SeenBoots(replicas.history, now)
    const reporting = reportBoots(config.control.rules, boots, log, metrics)
    const ports = scriptPorts(replicas, boots, bootApiClient(log, metrics))
    const links =
      config.http.listen.length > 0 && config.links.interfaces.length === 0 ? [] : chooseLinks(config.links).links
    const site = siteOf(config, process.env)
    const resolve = (directories: readonly string[]) => directories.map((name) => path.resolve(directory, name))
    const retries = { times: config.http.retries, delaySeconds: config.http.retryDelaySeconds }
    const app = createApp({
      trustedProxies: config.http.trustedProxies,
      log,
      metrics,
      files: bootFilesOnDisk({ files: resolve(config.http.files), ipxe: resolve(config.http.ipxe) }, log),
      linkOf: (address) => links.find((link) => formatIpv4(link.address) === address)?.name ?? '',
      script: (request, origin) => onScript(request, ports, site.factsFor(origin), retries, now()),
      bootApi: (request, origin) => onBootApi(request, ports, site.factsFor(origin), retries, now()),
      config: (name, request, origin) => onConfig(name, request, ports, site.factsFor(origin), now()),
      sent: (sent) => boots.add(sent),
      booted: (request) => onBooted(request, ports, boots, now()),
      ready: replicas.problems,
    })
    const server = await listenOnAll(app, addressesOf(config, links))
    announce(server.listens, 'boot scripts (auto.ipxe) of known machines, iPXE binaries, and files below /files/')
    return {
      async close() {
        await server.close()
        replicas.close()
        await reporting.close()
      },
    }
  },
})
