import { status, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js'
import { policies as api, rules } from '@reboots/api'
import type { Difference } from '@reboots/rules'
import type { Log, Metrics } from '@reboots/runtime'
import type { Operations } from './operations.ts'
import type { EntryHead } from './ports.ts'
import { Refusal, type RefusalKind } from './refusal.ts'

export interface Administration {
  readonly operations: Operations
  readonly log: Log
  readonly metrics: Metrics
}

const CODES: Readonly<Record<RefusalKind, status>> = {
  'not-accepted': status.INVALID_ARGUMENT,
  'bad-request': status.INVALID_ARGUMENT,
  conflict: status.ABORTED,
  elsewhere: status.FAILED_PRECONDITION,
  'not-found': status.NOT_FOUND,
  unavailable: status.UNAVAILABLE,
}

/** PolicyService: the operations over gRPC. */
export function policyService({ operations, log, metrics }: Administration): api.PolicyServiceServer {
  const calls = metrics.counter('reboots_rules_calls_total', 'Calls of the policy API by what came of them', [
    'call',
    'result',
  ])
  const answers =
    <Q, R>(call: string, answer: (request: Q) => R | Promise<R>) =>
    ({ request }: ServerUnaryCall<Q, R>, callback: sendUnaryData<R>): void =>
      void settle(
        async () => answer(request),
        callback,
        (result) => calls.inc({ call, result }),
        call,
        log,
      )

  return {
    listVersions: answers('list', async ({ limit, before }) => ({
      versions: (await operations.list(limit, Number(before))).map(versionMessage),
      source: operations.origin,
    })),
    getVersion: answers('get', async ({ version }) => {
      const entry = await operations.get(version)
      const inForce = entry.version === operations.version
      return { version: versionMessage(entry), document: entry.document, inForce }
    }),
    check: answers('check', (request) => {
      const { accepted, problems, warnings } = operations.check(request)
      const { version = '', policy } = accepted ?? {}
      const counts = { rules: policy?.rules.length ?? 0, tests: policy?.tests.length ?? 0 }
      return { problems: [...problems], warnings: [...warnings], version, ...counts }
    }),
    apply: answers('apply', async (request) => {
      const { entry, unchanged, warnings } = await operations.apply(request, request)
      return { version: versionMessage(entry), warnings: [...warnings], unchanged }
    }),
    rollback: answers('rollback', async (request) => {
      const { entry, unchanged } = await operations.rollback(request.version, request)
      return { version: versionMessage(entry), unchanged }
    }),
    explain: answers('explain', async ({ client, policy, source }) => {
      const under = policy?.$case === 'document' ? { document: policy.value, source } : { version: policy?.value ?? '' }
      return { decision: await operations.explain(client ?? rules.DecideRequest.create(), under) }
    }),
    startShadow: answers('start-shadow', (request) => ({ version: operations.startShadow(request, request) })),
    getShadow: answers('get-shadow', ({ examples }) => {
      const { since, decisions, leftOut, differences, ...rest } = operations.shadow(examples)
      const counts = { decisions: BigInt(decisions), leftOut: BigInt(leftOut) }
      return { ...rest, ...counts, since: new Date(since), differences: differences.map(differenceMessage) }
    }),
    stopShadow: answers('stop-shadow', () => {
      operations.stopShadow()
      return {}
    }),
    impact: answers('impact', async (request) => {
      const { differences, clients, assumed, ...rest } = await operations.impact(request, request.examples)
      return { ...rest, differences: differences.map(differenceMessage), clients: [...clients], assumed: [...assumed] }
    }),
  }
}

async function settle<R>(
  work: () => Promise<R>,
  callback: sendUnaryData<R>,
  count: (result: RefusalKind | 'done' | 'fault') => void,
  call: string,
  log: Log,
): Promise<void> {
  try {
    const response = await work()
    count('done')
    callback(null, response)
  } catch (error) {
    const refusal = error instanceof Refusal
    count(refusal ? error.kind : 'fault')
    if (refusal) log.info({ call, why: error.message }, `${call} refused: ${error.kind}`)
    else log.error({ call, err: error }, 'a bug in this service')
    callback(
      refusal
        ? { code: CODES[error.kind], details: error.message }
        : { code: status.INTERNAL, details: 'a fault in rules-engine; its log says more' },
    )
  }
}

export function versionMessage({ revision, at, ...head }: EntryHead): api.PolicyVersion {
  const { version, by, why, origin, rules, tests } = head
  return { revision: BigInt(revision), version, at: new Date(at), by, why, origin, rules, tests }
}

function differenceMessage({ before, after, machines, clients, examples }: Difference): api.Difference {
  return { before, after, machines, clients: [...clients], examples: [...examples] }
}
