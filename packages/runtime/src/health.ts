import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { listenAddress, startListening } from './listen.ts'
import type { Metrics } from './metrics.ts'

export interface HealthOptions {
  /** `host:port`, or `off`. */
  readonly listen: string
  readonly metrics: Metrics
  /** Why the service cannot answer yet; nothing when it is ready. */
  readonly ready: () => readonly string[]
  /** More documents, by path; each is made when it is asked for, and shown as JSON. */
  readonly documents?: Readonly<Record<string, () => unknown>> | undefined
}

export interface Health {
  /** `host:port` bound; `off` when there is none. */
  readonly address: string
  close(): Promise<void>
}

export interface HealthReply {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

type Answers = Pick<HealthOptions, 'metrics' | 'ready' | 'documents'>

const PLAIN = 'text/plain; charset=utf-8'

/** The reply to one of the health paths; undefined for any other path. For services that have an HTTP server of their own. */
export async function healthReply(
  path: string,
  { metrics, ready, documents }: Answers,
): Promise<HealthReply | undefined> {
  switch (path) {
    case '/metrics':
      return { status: 200, contentType: metrics.contentType, body: await metrics.text() }
    case '/healthz':
      return { status: 200, contentType: PLAIN, body: 'ok\n' }
    case '/readyz': {
      const reasons = ready()
      if (reasons.length === 0) return { status: 200, contentType: PLAIN, body: 'ready\n' }
      return {
        status: 503,
        contentType: PLAIN,
        body: `not ready:\n${reasons.map((reason) => `- ${reason}\n`).join('')}`,
      }
    }
    case '/healthcheck':
      return { status: 200, contentType: 'application/json', body: `${JSON.stringify(healthcheck())}\n` }
    default: {
      const document = Object.hasOwn(documents ?? {}, path) ? documents![path] : undefined
      if (document === undefined) return undefined
      return { status: 200, contentType: 'application/json', body: `${JSON.stringify(document(), undefined, 2)}\n` }
    }
  }
}

/** The document of old Boots and Smee; `goroutines` counts what keeps the event loop busy, the nearest thing here. */
function healthcheck(): { git_rev: string; uptime_seconds: string; goroutines: number } {
  return {
    git_rev: process.env['REBOOTS_GIT_REV'] ?? 'unknown',
    uptime_seconds: process.uptime().toFixed(3),
    goroutines: process.getActiveResourcesInfo().length,
  }
}

/** Serves /metrics, /healthz, /readyz and /healthcheck. OperatorError if the address cannot be had. */
export async function startHealth(options: HealthOptions): Promise<Health> {
  if (options.listen === 'off') return { address: 'off', close: async () => {} }
  const server = createServer((request, response) => {
    respond(request, response, options).catch(() => response.destroy())
  })
  // A scraper that stays connected does not keep a stopping process alive.
  server.keepAliveTimeout = 5000
  const address = await startListening(server, listenAddress(options.listen), 'the metrics address')
  return {
    address,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function respond(request: IncomingMessage, response: ServerResponse, options: HealthOptions): Promise<void> {
  const path = (request.url ?? '/').split('?')[0]!
  const reply = await healthReply(path, options)
  const { status, contentType, body } = reply ?? { status: 404, contentType: PLAIN, body: 'not found\n' }
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' })
  response.end(request.method === 'HEAD' ? undefined : body)
}
