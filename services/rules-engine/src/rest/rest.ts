import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { rules } from '@reboots/api'
import type { Log, Metrics } from '@reboots/runtime'
import type { Operations } from '../operations.ts'
import type { EntryHead } from '../ports.ts'
import { Refusal, type RefusalKind } from '../refusal.ts'
import { BODIES, HEADERS, PARAMS, QUERIES, ref, SCHEMAS } from './schemas.ts'

export interface RestOptions {
  readonly operations: Operations
  readonly log: Log
  readonly metrics: Metrics
}

const STATUS: Readonly<Record<RefusalKind, number>> = {
  'not-accepted': 422,
  'bad-request': 400,
  conflict: 412,
  elsewhere: 409,
  'not-found': 404,
  unavailable: 503,
}

/** A policy of 2 Mi characters in JSON, where one of them may take 6 octets. */
const LARGEST_BODY = 16 * 1024 * 1024

/** The operations as a REST API, on no socket yet; `/openapi.json` describes it. Not for pages in a browser: what says where it comes from is refused. */
export async function createRest({ operations, log, metrics }: RestOptions): Promise<FastifyInstance> {
  const app = Fastify({ logger: false, bodyLimit: LARGEST_BODY, ajv: { customOptions: { removeAdditional: false } } })
  const requests = metrics.counter('reboots_rules_rest_requests_total', 'Requests of the REST API', ['route', 'status'])
  app.addHook('onRequest', async ({ headers }) => {
    if (headers.origin !== undefined) throw Object.assign(new Error('not for pages in a browser'), { statusCode: 403 })
  })
  app.addHook('onResponse', async ({ routeOptions, method, url }, { statusCode }) => {
    requests.inc({ route: routeOptions.url ?? 'none', status: String(statusCode) })
    log.info({ method, path: url, status: statusCode }, `${method} ${url} ${statusCode}`)
  })
  app.setErrorHandler((error: Error & { readonly statusCode?: number }, _request, reply) => failed(error, reply, log))
  app.setNotFoundHandler((request, reply) =>
    refuse(reply, 404, 'not-found', `nothing is at ${request.url.slice(0, 200)}; see /openapi.json`),
  )
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'reboots rules-engine',
        version: '1',
        description: 'The boot policy: versions, checks, decisions',
      },
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, i) => (json.$id as string | undefined) ?? `def-${i}` },
  })
  for (const schema of SCHEMAS) app.addSchema(schema)
  await app.register(async (routes) => addRoutes(routes, operations))
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger())
  return app
}

function failed(error: Error & { readonly statusCode?: number }, reply: FastifyReply, log: Log): FastifyReply {
  if (error instanceof Refusal) return refuse(reply, STATUS[error.kind], error.kind, error.message, error.problems)
  const status = error.statusCode ?? 500
  if (status < 500) return refuse(reply, status, 'bad-request', error.message)
  log.error({ err: error }, 'a bug in this service')
  return refuse(reply, 500, 'fault', 'a fault in rules-engine; its log says more')
}

function refuse(
  reply: FastifyReply,
  status: number,
  title: string,
  detail: string,
  problems: Refusal['problems'] = [],
): FastifyReply {
  const body = { title, status, detail, ...(problems.length > 0 && { problems }) }
  return reply.code(status).type('application/problem+json').send(JSON.stringify(body))
}

/** An answer, and every refusal there is. */
function answers(name: string, description: string) {
  const refusal = { description: 'Refused', content: { 'application/problem+json': { schema: ref('Refusal') } } }
  return {
    200: { description, content: { 'application/json': { schema: ref(name) } } },
    '4xx': refusal,
    '5xx': refusal,
  }
}

interface Given {
  readonly document: string
  readonly source?: string
  readonly signature?: string
}
interface Told {
  readonly by: string
  readonly why?: string
}

const given = ({ document, source = '', signature = '' }: Given) => ({
  document,
  source,
  signature: new TextEncoder().encode(signature),
})

function addRoutes(routes: FastifyInstance, operations: Operations): void {
  const showVersion = async (name: string, reply: FastifyReply) => {
    const entry = await operations.get(name)
    void reply.header('etag', `"${entry.version}"`)
    return { ...headJson(entry), document: entry.document, inForce: entry.version === operations.version }
  }

  const rollback = async (request: FastifyRequest<{ Body: Told & { version?: string } }>, reply: FastifyReply) => {
    const { by, why = '', version = '' } = request.body
    const { entry, unchanged } = await operations.rollback(version, { by, why, replaces: replacedBy(request) })
    void reply.header('etag', `"${entry.version}"`)
    return { version: headJson(entry), unchanged, warnings: [] }
  }

  routes.get(
    '/v1/policy',
    { schema: { summary: 'The policy in force', operationId: 'getPolicy', response: answers('Document', 'In force') } },
    (_request, reply) => showVersion('', reply),
  )
  routes.put<{ Body: Given & Told }>(
    '/v1/policy',
    {
      schema: {
        summary: 'Check a document, run its tests, and put it in force',
        operationId: 'apply',
        body: BODIES.apply,
        headers: HEADERS.ifMatch,
        response: answers('Applied', 'In force now'),
      },
    },
    async (request, reply) => {
      const { by, why = '' } = request.body
      const applied = await operations.apply(given(request.body), { by, why, replaces: replacedBy(request) })
      void reply.header('etag', `"${applied.entry.version}"`)
      return { version: headJson(applied.entry), unchanged: applied.unchanged, warnings: applied.warnings }
    },
  )
  routes.post<{ Body: Told & { version?: string } }>(
    '/v1/policy/rollback',
    {
      schema: {
        summary: 'Put an earlier version in force again',
        operationId: 'rollback',
        body: BODIES.rollback,
        headers: HEADERS.ifMatch,
        response: answers('Applied', 'In force now'),
      },
    },
    (request, reply) => rollback(request, reply),
  )
  routes.get<{ Querystring: { limit?: number; before?: number } }>(
    '/v1/policy/versions',
    {
      schema: {
        summary: 'What was in force, the latest first',
        operationId: 'listVersions',
        querystring: QUERIES.list,
        response: answers('Versions', 'Versions'),
      },
    },
    async ({ query: { limit = 0, before = 0 } }) => ({
      versions: (await operations.list(limit, before)).map(headJson),
      source: operations.origin,
    }),
  )
  routes.get<{ Params: { version: string } }>(
    '/v1/policy/versions/:version',
    {
      schema: {
        summary: 'One version with its document',
        operationId: 'getVersion',
        params: PARAMS.version,
        response: answers('Document', 'The version'),
      },
    },
    ({ params }, reply) => showVersion(params.version, reply),
  )
  addQuestions(routes, operations)
  addShadow(routes, operations)
}

/** What is asked without changing anything. */
function addQuestions(routes: FastifyInstance, operations: Operations): void {
  routes.post<{ Body: Given }>(
    '/v1/check',
    {
      schema: {
        summary: 'What is wrong with a document',
        operationId: 'check',
        body: BODIES.document,
        response: answers('Checked', 'What was found'),
      },
    },
    ({ body }) => {
      const { accepted, problems, warnings } = operations.check(given(body))
      const counts = { rules: accepted?.policy.rules.length ?? 0, tests: accepted?.policy.tests.length ?? 0 }
      return { accepted: accepted !== undefined, problems, warnings, version: accepted?.version ?? '', ...counts }
    },
  )
  routes.post<{ Body: { client: object; version?: string; document?: string; source?: string } }>(
    '/v1/explain',
    {
      schema: {
        summary: 'What a machine gets, and why: under the policy in force, a version, or a document',
        operationId: 'explain',
        body: BODIES.explain,
        response: answers('Explained', 'The decision'),
      },
    },
    ({ body: { client, version = '', document, source = '' } }) =>
      operations.explain(
        rules.DecideRequest.fromPartial(client),
        document === undefined ? { version } : { document, source },
      ),
  )
  routes.post<{ Body: Given & { examples?: number } }>(
    '/v1/impact',
    {
      schema: {
        summary: 'What a document would change for the machines there are',
        operationId: 'impact',
        body: BODIES.impact,
        response: answers('Impact', 'The difference'),
      },
    },
    ({ body }) => operations.impact(given(body), body.examples ?? 0),
  )
}

/** A policy that is tried out on live decisions. */
function addShadow(routes: FastifyInstance, operations: Operations): void {
  const schema = (operationId: string, summary: string, answer: 'Shadow' | 'Trying') => ({
    operationId,
    summary,
    response: answers(answer, summary),
  })
  routes.get(
    '/v1/shadow',
    { schema: schema('getShadow', 'What a policy that is tried out would change', 'Shadow') },
    () => {
      const trial = operations.shadow(0)
      return { ...trial, since: new Date(trial.since).toISOString() }
    },
  )
  routes.put<{ Body: Given & Told }>(
    '/v1/shadow',
    { schema: { ...schema('startShadow', 'Try a document out on live decisions', 'Trying'), body: BODIES.shadow } },
    ({ body }) => ({ version: operations.startShadow(given(body), { by: body.by, why: body.why ?? '' }) }),
  )
  routes.delete('/v1/shadow', { schema: schema('stopShadow', 'Try nothing out any more', 'Trying') }, () => {
    operations.stopShadow()
    return { version: '' }
  })
}

/** Whoever changes something says what they have looked at (RFC 6585 §3). */
function replacedBy({ headers }: FastifyRequest): string {
  const version = /^(?:W\/)?"?([0-9a-f]+|\*)"?$/.exec(headers['if-match'] ?? '')?.[1]
  if (version !== undefined) return version
  throw Object.assign(new Error('If-Match: the version that is to be replaced, or * for whichever is in force'), {
    statusCode: 428,
  })
}

function headJson({ revision, version, at, by, why, origin, rules, tests }: EntryHead): object {
  return { revision, version, at: new Date(at).toISOString(), by, why, origin, rules, tests }
}
