import { isIP, isIPv4 } from 'node:net'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Sent } from '@reboots/rules'
import { healthReply, type Log, type Metrics } from '@reboots/runtime'
import { parseIpv4, type Ipv4Address, type MacAddress } from '@reboots/protocol/net'
import { sendFile } from './on-file.ts'
import { GRUB_POINTER, isGrubConfig, loaderConfigIn, type LoaderConfigName } from '@reboots/protocol/pxe'
import type { BootApiAnswer } from './boot-api/on-boot-api.ts'
import { addBootApi } from './boot-api/route.ts'
import type { BootRequest } from './decide-request.ts'
import { BOOTED_STATUS, type BootedAnswer, type BootedRequest } from './on-booted.ts'
import type { ConfigAnswer } from './on-config.ts'
import type { ScriptAnswer } from './on-script.ts'
import type { FilePorts } from './ports.ts'
import { archInQuery } from './script-arch.ts'
import { bootFileInPath, macInScriptPath } from './script-path.ts'
import { STATUS } from './status.ts'

export interface AppOptions {
  readonly trustedProxies: readonly string[]
  readonly log: Log
  readonly metrics: Metrics
  readonly files: FilePorts
  /** Name of the link that has the address a request came to; empty text if none has. */
  linkOf(localAddress: string): string
  /** The boot script for a request; `origin` is how the machine reached this service. */
  script(request: BootRequest, origin: string): Promise<ScriptAnswer>
  /** What pixiecore is told of a machine. */
  bootApi(request: BootRequest, origin: string): Promise<BootApiAnswer>
  /** The configuration of a boot loader. */
  config(name: LoaderConfigName, request: BootRequest, origin: string): ConfigAnswer
  /** Something that makes a machine boot was sent to whom it is for. */
  sent(sent: Sent): void
  /** An operating system says that it runs. */
  booted(request: BootedRequest): BootedAnswer
  ready(): readonly string[]
}

const DENIED_FILE = 'netboot-not-allowed'

/** The routes of the service, on no socket yet. */
export function createApp(options: AppOptions): FastifyInstance {
  const app = Fastify({
    // Requests are logged here, one line each, with the reason; Fastify's own lines would double them.
    logger: false,
    trustProxy: options.trustedProxies.length === 0 ? false : [...options.trustedProxies],
    bodyLimit: 1024,
    routerOptions: { maxParamLength: 512 },
    exposeHeadRoutes: false,
    // What no route gets to see: a URL that cannot be decoded, an element that is too long.
    frameworkErrors: (error, request, reply) => void failed(error, request, reply),
  })
  const requests = options.metrics.counter('reboots_http_requests_total', 'Requests by route and outcome', [
    'route',
    'outcome',
  ])
  const octets = options.metrics.counter('reboots_http_sent_bytes_total', 'Octets of boot files sent', ['route'])

  const note: Note = (request, route, outcome, fields) => {
    requests.inc({ route, outcome })
    options.log.info(
      { route, outcome, from: clientOf(request), path: request.url, ...fields },
      `${request.method} ${request.url} ${outcome}`,
    )
  }
  const failed = (error: Error & { readonly statusCode?: number }, request: FastifyRequest, reply: FastifyReply) => {
    const status = error.statusCode ?? 500
    if (status < 500) {
      note(request, 'none', 'bad-request', { status, why: error.message })
      return plain(reply, status, 'This request cannot be read.')
    }
    // Who asked gets no answer now, the others go on; whoever reads the log gets the stack.
    note(request, 'none', 'fault', {})
    options.log.error({ err: error, path: request.url }, 'a bug in this service')
    return plain(reply, 500, 'A fault in this service; its log says more.')
  }
  app.setErrorHandler(failed)
  const file = async (request: FastifyRequest, reply: FastifyReply, store: 'files' | 'ipxe', path: string) => {
    if (path.endsWith(DENIED_FILE)) {
      note(request, store, DENIED_FILE, {})
      return plain(reply, 403, 'Booting from the network is not allowed for this machine.')
    }
    const config = store === 'ipxe' && (isGrubConfig(path) || loaderConfigIn(path) !== undefined)
    if (config && !(await isThere(options.files, store, path))) return sendConfig(request, reply, path, options, note)
    const sent = await sendFile(request, reply, options.files, store, path)
    if (sent.octets > 0) octets.inc({ route: store }, sent.octets)
    note(request, store, sent.outcome, { status: reply.statusCode, octets: sent.octets })
    return reply
  }

  const script = (request: FastifyRequest, reply: FastifyReply) => sendScript(request, reply, options, note)
  for (const method of ['GET', 'HEAD'] as const) {
    for (const url of ['/auto.ipxe', '/:mac/auto.ipxe', '/ipxe/script/auto.ipxe', '/ipxe/script/*']) {
      app.route({ method, url, handler: script })
    }
    const rest = (request: FastifyRequest) => (request.params as { '*': string })['*']
    app.route({ method, url: '/files/*', handler: (request, reply) => file(request, reply, 'files', rest(request)) })
    for (const url of ['/ipxe/binary/*', '/ipxe/*']) {
      app.route({
        method,
        url,
        handler: (request, reply) => file(request, reply, 'ipxe', bootFileInPath(rest(request)).file),
      })
    }
  }
  addBootApi(app, {
    request: (request, mac) => bootRequest(request, mac, options),
    answer: (asked, request) => options.bootApi(asked, originOf(request)),
    note: (request, outcome, fields) => note(request, 'boot-api', outcome, fields),
  })
  addBooted(app, options, note)
  addHealth(app, options)
  app.setNotFoundHandler(async (request, reply) => {
    const path = pathOf(request)
    const config = isGrubConfig(path) || loaderConfigIn(path) !== undefined
    if (config && request.method === 'GET') return sendConfig(request, reply, path, options, note)
    note(request, 'none', 'no-such-route', {})
    return plain(reply, 404, `Nothing is served at ${request.url.slice(0, 200)}.`)
  })
  return app
}

type Note = (request: FastifyRequest, route: string, outcome: string, fields: Readonly<Record<string, unknown>>) => void

async function sendScript(
  request: FastifyRequest,
  reply: FastifyReply,
  options: AppOptions,
  note: Note,
): Promise<FastifyReply> {
  const path = pathOf(request)
  if (!path.endsWith('/auto.ipxe')) {
    note(request, 'script', 'no-such-script', {})
    return plain(reply, 404, 'The only script here is auto.ipxe.')
  }
  const asked = bootRequest(request, macInScriptPath(path), options)
  const answer = await options.script(asked, originOf(request))
  const { mac, rule, version } = answer
  const outcome = 'refused' in answer ? answer.refused : answer.boots
  note(request, 'script', outcome, {
    mac: mac ?? asked.mac,
    rule,
    version,
    ...reasonOf(answer),
  })
  if ('refused' in answer) return plain(reply, STATUS[answer.refused], answer.text)
  if (answer.sent !== undefined && request.method === 'GET' && isIpxe(request)) options.sent(answer.sent)
  return reply.type('text/plain; charset=utf-8').header('cache-control', 'no-store').send(answer.script)
}

/** Loaders look in the directory they were loaded from; files of the site's own come first there. */
function sendConfig(
  request: FastifyRequest,
  reply: FastifyReply,
  path: string,
  options: AppOptions,
  note: Note,
): FastifyReply {
  const name = loaderConfigIn(path)
  const text = reply.type('text/plain; charset=utf-8').header('cache-control', 'no-store')
  if (name === undefined) {
    note(request, 'config', 'pointer', {})
    return text.send(GRUB_POINTER)
  }
  const answer = options.config(name, bootRequest(request, name.mac, options), originOf(request))
  const { rule, version } = answer
  const outcome = 'refused' in answer ? answer.refused : name.loader
  note(request, 'config', outcome, { mac: name.mac, rule, version, ...reasonOf(answer) })
  if ('refused' in answer) return plain(reply, STATUS[answer.refused], answer.text)
  if (answer.sent !== undefined) options.sent(answer.sent)
  return text.send(answer.config)
}

function reasonOf(answer: ScriptAnswer | ConfigAnswer): { readonly reason?: string } {
  return 'refused' in answer ? { reason: answer.text } : {}
}

async function isThere(files: FilePorts, store: 'files' | 'ipxe', path: string): Promise<boolean> {
  const file = await files.open(store, path)
  if (file === undefined || file === 'busy') return false
  await file.handle.close()
  return true
}

/** Nothing else does what a script says: a person who looks at one boots nothing. */
function isIpxe({ headers }: FastifyRequest): boolean {
  return headers['user-agent']?.startsWith('iPXE/') ?? false
}

/** What the body says, in whatever form, is of no interest: cloud-init for one sends host keys along. */
function addBooted(app: FastifyInstance, options: AppOptions, note: Note): void {
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: 65_536 }, (_request, _body, done) => done(null))
    for (const url of ['/booted', '/booted/:mac']) {
      scope.post(url, async (request, reply) => {
        const { mac } = request.params as { readonly mac?: string }
        const { outcome, subject } = options.booted({ mac, address: addressOf(clientOf(request)) })
        note(request, 'booted', outcome, { mac, subject })
        const { status, text } = BOOTED_STATUS[outcome]
        return text === undefined ? reply.code(status).send() : plain(reply, status, text)
      })
    }
  })
}

function bootRequest(request: FastifyRequest, mac: MacAddress | undefined, options: AppOptions): BootRequest {
  const query = request.query as Readonly<Record<string, string | undefined>>
  return {
    mac,
    address: addressOf(clientOf(request)),
    arch: typeof query['arch'] === 'string' ? archInQuery(query['arch']) : undefined,
    machine: typeof query['machine'] === 'string' ? query['machine'] : undefined,
    uuid: /^[0-9a-f-]{36}$/i.test(query['uuid'] ?? '') ? query['uuid']!.toLowerCase() : undefined,
    item: /^\d{1,3}$/.test(query['item'] ?? '') ? Number(query['item']) : undefined,
    network: {
      link: options.linkOf(request.socket.localAddress ?? ''),
      giaddr: isIPv4(String(query['giaddr'])) ? query['giaddr']! : '',
      circuitId: octetsInQuery(query['circuitId']),
      remoteId: octetsInQuery(query['remoteId']),
      relayFlags: [],
      subnet: '',
    },
  }
}

/** Hexadecimal, lower case; empty for anything else. */
function octetsInQuery(text: string | undefined): string {
  return /^(?:[0-9a-f]{2})+$/.test(text ?? '') ? text! : ''
}

/** Whom a request comes from: of what trusted proxies forwarded, the farthest address; what is behind something that is none is not believed. */
function clientOf(request: FastifyRequest): string {
  return request.ips?.findLast((ip) => isIP(ip) !== 0) ?? request.ip
}

/** Without the prefix of an IPv4 address on an IPv6 socket. */
function addressOf(ip: string): Ipv4Address | undefined {
  return parseIpv4(ip.replace(/^::ffff:/i, ''))
}

/** How the machine reached this service. UEFI's Host may lack the port, so the socket's own address is the better witness. */
function originOf(request: FastifyRequest): string {
  const address = (request.socket.localAddress ?? '127.0.0.1').replace(/^::ffff:/, '')
  return `http://${address}:${request.socket.localPort ?? 80}`
}

/** Decoded, without the query. */
function pathOf(request: FastifyRequest): string {
  const path = request.url.split('?')[0]!
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

function addHealth(app: FastifyInstance, options: AppOptions): void {
  for (const url of ['/metrics', '/healthz', '/readyz', '/healthcheck']) {
    app.route({
      method: ['GET', 'HEAD'],
      url,
      async handler(_request, reply) {
        const health = (await healthReply(url, options))!
        return reply.code(health.status).type(health.contentType).send(health.body)
      },
    })
  }
}

function plain(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply
    .code(status)
    .type('text/plain; charset=utf-8')
    .send(text + '\n')
}
