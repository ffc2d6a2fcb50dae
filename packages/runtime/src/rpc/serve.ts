import {
  Server,
  ServerCredentials,
  setLogger,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { HealthImplementation } from 'grpc-health-check'
import { bindFailure, listenAddress } from '../listen.ts'
import type { Log } from '../log.ts'

export interface RpcOptions {
  /** `host:port`; port 0 for any free one. */
  readonly listen: string
  readonly services: readonly (readonly [ServiceDefinition, UntypedServiceImplementation])[]
  readonly log: Log
  /** How long calls that are under way may take when the server closes, default 1000 ms; streams end then. */
  readonly graceMs?: number
}

export interface RpcServer {
  /** `host:port` as bound. */
  readonly address: string
  /** What grpc.health.v1.Health says of the server as a whole; serving from the start. */
  setServing(serving: boolean): void
  close(): Promise<void>
}

/** Serves gRPC with grpc.health.v1.Health. OperatorError if the address cannot be had. */
export async function serveRpc(options: RpcOptions): Promise<RpcServer> {
  // What goes wrong comes back as an error too; its own lines on stderr would be said twice, and not as JSON.
  setLogger({ error: (message: string) => options.log.debug({ why: message }, 'gRPC') })
  const server = new Server({ 'grpc.keepalive_time_ms': 20_000, 'grpc.keepalive_timeout_ms': 5_000 })
  const health = new HealthImplementation({ '': 'SERVING' })
  for (const [definition, implementation] of options.services) server.addService(definition, implementation)
  health.addToServer(server)
  const { host, port } = listenAddress(options.listen)
  const bound = await bind(server, host, port)
  options.log.debug({ address: `${host}:${bound}` }, 'gRPC listens')
  return {
    address: `${host === '' ? '0.0.0.0' : host}:${bound}`,
    setServing: (serving) => health.setStatus('', serving ? 'SERVING' : 'NOT_SERVING'),
    close: () => {
      health.setStatus('', 'NOT_SERVING')
      return shutDown(server, options.graceMs ?? 1000)
    },
  }
}

function bind(server: Server, host: string, port: number): Promise<number> {
  const address = `${host === '' ? '0.0.0.0' : host.includes(':') ? `[${host}]` : host}:${port}`
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound)
      else reject(bindFailure(error, { protocol: 'tcp', host, port, purpose: 'for gRPC' }))
    })
  })
}

function shutDown(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => server.forceShutdown(), graceMs)
    server.tryShutdown(() => {
      clearTimeout(late)
      resolve()
    })
  })
}
