import path from 'node:path'
import { formatIpv4 } from '@reboots/protocol/net'
import { chooseLinks, listenAddress, runService, startHealth } from '@reboots/runtime'
import { bootFilesOnDisk } from './adapters/boot-files.ts'
import { tftpMetrics } from './adapters/metrics.ts'
import { bootFilesOf } from './autoexec.ts'
import { shape } from './config.ts'
import { inspectRoots, missingRoots } from './roots.ts'
import { filesServedAt } from './served-files.ts'
import { openServer } from './server.ts'
import { Transfers } from './transfers.ts'

await runService({
  name: 'tftp',
  shape,
  async start({ config, directory, log, metrics, announce }) {
    const { tftp, boot, links } = config
    const roots = tftp.root.map((root) => path.resolve(directory, root))
    const files = bootFilesOnDisk(roots, tftp.cacheMegabytes * 1024 * 1024)
    const transfers = new Transfers(tftp.maxTransfers)
    const addresses =
      tftp.listen.length > 0
        ? tftp.listen.map(listenAddress)
        : chooseLinks(links).links.map((link) => ({ host: formatIpv4(link.address), port: boot.tftpPort }))
    const options = {
      transfers,
      limits: tftp,
      log,
      metrics: tftpMetrics(metrics, { active: () => transfers.active, cached: () => files.cachedOctets }),
    }
    const servers = await Promise.all(
      addresses.map((address) =>
        openServer({ ...address, ...options, files: filesServedAt(address.host, files, boot, log) }),
      ),
    )
    const health = await startHealth({
      listen: tftp.metrics.listen,
      metrics,
      ready: () =>
        missingRoots(roots).length < roots.length ? [] : [`no directory of tftp.root exists: ${roots.join(', ')}`],
    })
    const found = await inspectRoots(roots, bootFilesOf(boot), files, log)
    announce(
      [
        ...servers.map((server) => ({ what: 'TFTP', address: server.address })),
        { what: 'metrics', address: health.address },
      ],
      `read requests for files below ${roots.join(', ')}${found.length > 0 ? ` (${found.join(', ')}, …)` : ''}`,
    )
    return {
      async close() {
        await Promise.all(servers.map((server) => server.close()))
        await health.close()
      },
    }
  },
})
