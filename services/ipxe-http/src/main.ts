import {
  findLinks,
  listenAddress,
  now,
  openMachineReplica,
  openPolicyReplica,
  runService,
  type ListenAddress,
} from '@reboots/runtime'
import { formatIpv4, parseMac } from '@reboots/protocol/net'
import { machineFacts, parsePolicy } from '@reboots/rules'
import path from 'node:path'
import { bootFilesOnDisk } from './adapters/boot-files.ts'
import { listenOnAll } from './adapters/listeners.ts'
import { createApp } from './app.ts'
import { shape, type Config } from './config.ts'
import { onScript } from './on-script.ts'
import type { KnownMachine } from './ports.ts'
import { siteOf } from './site.ts'

await runService({
  name: 'ipxe-http',
  shape,
  async start({ config, directory, log, metrics, announce }) {
    const machines = openMachineReplica<KnownMachine>({
      address: config.control.hardware,
      prepare: (machine, iface) => ({ mac: parseMac(iface.mac)!, facts: machineFacts(machine, iface) }),
      log,
      metrics,
    })
    const policies = openPolicyReplica({ address: config.control.rules, compile: parsePolicy, log, metrics })
    const links =
      config.http.listen.length > 0 && config.links.interfaces.length === 0 ? [] : findLinks(config.links.interfaces)
    const site = siteOf(config, process.env)
    const resolve = (directories: readonly string[]) => directories.map((name) => path.resolve(directory, name))
    const ports = {
      machineByMac: machines.byMac,
      machineByAddress: machines.byIp,
      policy: policies.current,
      get machinesSynced() {
        return machines.synced
      },
    }
    const retries = { times: config.http.retries, delaySeconds: config.http.retryDelaySeconds }
    const app = createApp({
      trustedProxies: config.http.trustedProxies,
      log,
      metrics,
      files: bootFilesOnDisk({ files: resolve(config.http.files), ipxe: resolve(config.http.ipxe) }, log),
      linkOf: (address) => links.find((link) => formatIpv4(link.address) === address)?.name ?? '',
      script: (request, origin) => onScript(request, ports, site.factsFor(origin), retries, now()),
      ready: () => [machines.problem, policies.problem].filter((problem) => problem !== undefined),
    })
    const own = ['127.0.0.1', ...links.map((link) => formatIpv4(link.address))]
    const server = await listenOnAll(app, addressesOf(config, own))
    announce(server.listens, 'boot scripts (auto.ipxe) of known machines, iPXE binaries, and files below /files/')
    return {
      async close() {
        machines.close()
        policies.close()
        await server.close()
      },
    }
  },
})

function addressesOf(config: Config, own: readonly string[]): readonly ListenAddress[] {
  const named = config.http.listen.length > 0 ? config.http.listen : own
  return named.map((text) => (text.includes(':') ? listenAddress(text) : { host: text, port: config.boot.httpPort }))
}
