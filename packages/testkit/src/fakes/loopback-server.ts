import {
  Server,
  ServerCredentials,
  status,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'

/** A real gRPC server on a loopback port that stays the same over stop and start, so that clients reconnect to it. */
export interface LoopbackServer {
  /** `127.0.0.1:port` */
  readonly address: string
  /** Cuts every connection at once, as a killed process does. Nothing happens when it is stopped already. */
  stop(): Promise<void>
  /** Listens again on the same address. Nothing happens when it is running already. */
  start(): Promise<void>
}

/** Starts a server for the one service; rejects when the port cannot be had. */
export async function loopbackServer(
  definition: ServiceDefinition,
  implementation: UntypedServiceImplementation,
): Promise<LoopbackServer> {
  let running: Server | undefined
  let address = '127.0.0.1:0'
  const start = async (): Promise<void> => {
    if (running) return
    const server = new Server()
    server.addService(definition, implementation)
    address = `127.0.0.1:${await bind(server, address)}`
    running = server
  }
  await start()
  return {
    get address() {
      return address
    },
    start,
    async stop() {
      running?.forceShutdown()
      running = undefined
    },
  }
}

function bind(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error)
      else resolve(port)
    })
  })
}

/** What a call of a broken server ends with. */
export const BROKEN = { code: status.INTERNAL, details: 'broken on purpose' } as const
