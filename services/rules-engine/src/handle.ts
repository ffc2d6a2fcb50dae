import { Metadata, status, type sendUnaryData, type ServerUnaryCall, type ServerWritableStream } from '@grpc/grpc-js'
import type { rules } from '@reboots/api'
import type { Instant } from '@reboots/protocol/net'
import type { Histories } from '@reboots/rules'
import type { Log, Metrics } from '@reboots/runtime'
import { onDecide } from './on-decide.ts'
import type { Machines } from './ports.ts'
import type { Policies } from './policies.ts'
import type { Shadow } from './shadow.ts'

export interface Handling {
  readonly publisher: Pick<Policies, 'current' | 'subscribe'>
  readonly shadow: Shadow
  readonly machines: Machines
  readonly histories: Histories
  readonly now: () => Instant
  readonly log: Log
  readonly metrics: Metrics
}

/** RulesService over a publisher. `close` ends the Watch streams, so that clients reconnect elsewhere and the server can stop. */
export function rulesService(handling: Handling): { service: rules.RulesServiceServer; close(): void } {
  const { publisher, shadow, metrics } = handling
  const watchers = new Set<ServerWritableStream<rules.WatchRequest, rules.WatchResponse>>()
  const decided = metrics.counter('reboots_rules_decide_total', 'Decide calls by what was decided', ['outcome'])
  const revision = metrics.gauge('reboots_rules_policy_revision', 'Number of the policy in force')
  const count = metrics.gauge('reboots_rules_policy_rules', 'Rules of the policy in force')
  const watching = metrics.gauge('reboots_rules_watchers', 'Services that follow the policy')
  metrics.onScrape(() => {
    revision.set(Number(publisher.current.revision))
    count.set(publisher.current.policy.rules.length)
    watching.set(watchers.size)
  })

  const service: rules.RulesServiceServer = {
    watch(call) {
      watchers.add(call)
      const tell = (): void => {
        const { revision, version, document } = publisher.current
        call.write({ revision, version, document, candidate: shadow.candidate })
      }
      const unsubscribe = [publisher.subscribe(tell), shadow.subscribe(tell)]
      call.once('close', () => {
        for (const stop of unsubscribe) stop()
        watchers.delete(call)
      })
    },
    decide(call, callback) {
      const outcome = answerDecide(call, callback, handling)
      decided.inc({ outcome })
    },
    reportShadow({ request }, callback) {
      shadow.report(request)
      callback(null, {})
    },
  }
  return { service, close: () => watchers.forEach((call) => call.end()) }
}

/** Answers, writes one line, and gives the outcome as a label. */
function answerDecide(
  call: ServerUnaryCall<rules.DecideRequest, rules.DecideResponse>,
  callback: sendUnaryData<rules.DecideResponse>,
  { publisher, machines, histories, now, log }: Handling,
): string {
  const answer = onDecide(call.request, publisher.current, machines, histories, now())
  if ('code' in answer) {
    log.info({ mac: call.request.mac, why: answer.details }, `Decide refused: ${status[answer.code]}`)
    callback(answer)
    return 'refused'
  }
  const { response, note } = answer
  const { outcome, detail, rule, version, machineKnown } = response
  log.info({ mac: call.request.mac, arch: call.request.arch, outcome, detail, rule, version, machineKnown }, 'Decide')
  const trailer = new Metadata()
  if (note !== undefined) trailer.set('reboots-note', note)
  callback(null, response, trailer)
  return outcome
}
