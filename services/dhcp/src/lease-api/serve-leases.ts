import { leases } from '@reboots/api'
import type { LeaseLedger } from '@reboots/leases'
import { serveRpc, now, type Log, type Metrics, type RpcOptions, type RpcServer } from '@reboots/runtime'
import type { Settings } from '../ports.ts'
import { streaming, unary, type Observe } from './calls.ts'
import { Feed } from './feed.ts'
import { onGet } from './on-get.ts'
import { onHistory } from './on-history.ts'
import { onList } from './on-list.ts'
import { onRelease } from './on-release.ts'
import { onReserve } from './on-reserve.ts'
import { onWatch } from './on-watch.ts'
import type { ApiPorts } from './ports.ts'

export interface LeaseApiOptions {
  /** `host:port`, or `off`. */
  readonly listen: string
  readonly leases: LeaseLedger
  /** As they are now. */
  readonly settings: () => Pick<Settings, 'networks' | 'clientIdentity'>
  readonly machines: ApiPorts['machines']
  /** What is served there besides. */
  readonly others?: RpcOptions['services']
  readonly log: Log
  readonly metrics: Metrics
}

/** Serves the books over gRPC. OperatorError if the address cannot be had. */
export async function serveLeases(options: LeaseApiOptions): Promise<Pick<RpcServer, 'address' | 'close'>> {
  if (options.listen === 'off') return { address: 'off', close: async () => {} }
  const { listen, settings, machines, log, metrics } = options
  const feed = new Feed(options.leases, now)
  const ports: ApiPorts = {
    leases: options.leases,
    feed,
    machines,
    now,
    get networks() {
      return settings().networks
    },
    get clientIdentity() {
      return settings().clientIdentity
    },
  }
  const calls = metrics.counter('reboots_dhcp_api_calls_total', 'Calls of the lease API that ended', [
    'method',
    'outcome',
  ])
  const watchers = metrics.gauge('reboots_dhcp_api_watchers', 'Watch streams of the lease API that are open')
  metrics.onScrape(() => watchers.set(feed.watchers))
  const observe: Observe = (method, outcome) => calls.inc({ method, outcome })
  const services = [
    [leases.LeaseServiceService, implementation(ports, observe, log)] as const,
    ...(options.others ?? []),
  ]
  const server = await serveRpc({ listen, services, log })
  return {
    address: server.address,
    async close() {
      await server.close()
      feed.close()
    },
  }
}

function implementation(ports: ApiPorts, observe: Observe, log: Log) {
  return {
    list: streaming('List', observe, (request: leases.ListRequest) => onList(request, ports)),
    get: unary('Get', observe, (request: leases.GetRequest) => onGet(request, ports)),
    reserve: unary('Reserve', observe, async (request: leases.ReserveRequest) => {
      const reply = await onReserve(request, ports)
      const { address, client, until } = request
      log.info({ address, client, until }, 'reserved over the API')
      return reply
    }),
    release: unary('Release', observe, async (request: leases.ReleaseRequest) => {
      const reply = await onRelease(request, ports)
      const { address, client } = request
      log.info({ address, client }, 'released over the API')
      return reply
    }),
    watch: streaming('Watch', observe, (request: leases.WatchRequest, signal) => onWatch(request, ports, signal)),
    history: unary('History', observe, (request: leases.HistoryRequest) => onHistory(request, ports)),
  }
}
