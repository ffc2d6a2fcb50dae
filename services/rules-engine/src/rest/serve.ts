import { createServer } from 'node:http'
import { listenAddress, startListening } from '@reboots/runtime'
import { createRest, type RestOptions } from './rest.ts'

/** Opens the REST API on `host:port`, or nowhere with `off`. OperatorError if the address cannot be had. */
export async function serveRest(
  listen: string,
  options: RestOptions,
): Promise<{ readonly address: string; close(): Promise<void> }> {
  if (listen === 'off') return { address: 'off', close: async () => {} }
  const app = await createRest(options)
  await app.ready()
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) =>
    app.routing(request, response),
  )
  const address = await startListening(server, listenAddress(listen), 'the REST API')
  return {
    address,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
      await app.close()
    },
  }
}
