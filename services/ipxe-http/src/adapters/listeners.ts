import { createServer, type Server } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { startListening, type ListenAddress, type Listen } from '@reboots/runtime'

/** A machine that was reset in the middle of a download takes nothing any more, and its file must not stay open for ever. */
const STALLED_MS = 120_000

/** Opens the app on every address; OperatorError if one cannot be had, and then none stays open. */
export async function listenOnAll(
  app: FastifyInstance,
  addresses: readonly ListenAddress[],
  stalledMs = STALLED_MS,
): Promise<{ readonly listens: readonly Listen[]; close(): Promise<void> }> {
  await app.ready()
  const servers: Server[] = []
  const close = async (): Promise<void> => {
    await Promise.all(servers.map(closeServer))
    await app.close()
  }
  try {
    const listens: Listen[] = []
    for (const address of addresses) {
      // Downloads take as long as they take; a client that does not finish its request is cut off, and one that nothing moves on.
      const server = createServer(
        { requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 30_000 },
        (request, response) => app.routing(request, response),
      )
      server.setTimeout(stalledMs)
      servers.push(server)
      listens.push({ what: 'HTTP', address: await startListening(server, address, 'boot scripts and files') })
    }
    return { listens, close }
  } catch (error) {
    await close()
    throw error
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
