import { createHash } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { status, type ServerWritableStream } from '@grpc/grpc-js'
import { rules } from '@reboots/api'
import { BROKEN, loopbackServer, type LoopbackServer } from './loopback-server.ts'

type WatchCall = ServerWritableStream<rules.WatchRequest, rules.WatchResponse>

/** A rules engine in this process, spoken to over real gRPC. It publishes what it is given, unchecked. */
export interface FakeRules extends LoopbackServer {
  publish(document: string): void
  /** Publishes a candidate beside it, or none. */
  tryOut(document: string | undefined): void
  /** What was reported of candidates, once there have been so many reports. */
  reported(count: number): Promise<readonly rules.ReportShadowRequest[]>
  /** Resolves once `count` Watch requests have been seen since the beginning. */
  watched(count: number): Promise<void>
}

/** Publishes the policy document (YAML); without one, an engine that has not published anything yet. */
export async function fakeRules(document?: string): Promise<FakeRules> {
  const events = new EventEmitter()
  const watchers = new Set<WatchCall>()
  const watches: rules.WatchRequest[] = []
  let revision = document === undefined ? 0n : 1n
  let published = document
  let candidate: rules.Candidate | undefined
  const reports: rules.ReportShadowRequest[] = []
  const tell = (call: WatchCall): void => {
    if (published !== undefined) call.write({ revision, version: versionOf(published), document: published, candidate })
  }
  const server = await loopbackServer(rules.RulesServiceService, {
    watch(call: WatchCall) {
      watches.push(call.request)
      watchers.add(call)
      call.on('close', () => watchers.delete(call))
      call.on('cancelled', () => watchers.delete(call))
      tell(call)
      events.emit('watch')
    },
    reportShadow({ request }: { request: rules.ReportShadowRequest }, callback: (error: null, reply: object) => void) {
      reports.push(request)
      callback(null, {})
      events.emit('report')
    },
    decide(_call: unknown, callback: (error: { code: status; details: string }) => void) {
      callback({ code: status.UNIMPLEMENTED, details: 'the fake rules engine does not decide' })
    },
  })
  return {
    get address() {
      return server.address
    },
    start: () => server.start(),
    stop: () => server.stop(),
    publish(next) {
      published = next
      revision += 1n
      watchers.forEach(tell)
    },
    tryOut(document) {
      candidate = document === undefined ? undefined : { version: versionOf(document), document }
      watchers.forEach(tell)
    },
    async reported(count) {
      while (reports.length < count) await once(events, 'report')
      return reports
    },
    async watched(count) {
      while (watches.length < count) await once(events, 'watch')
    },
  }
}

/** Watch opens and stays silent, or every call ends with INTERNAL. */
export type RulesFault = 'failing' | 'silent'

export function brokenRules(fault: RulesFault): Promise<LoopbackServer> {
  const faults: Record<RulesFault, (call: WatchCall) => void> = {
    failing: (call) => void call.emit('error', BROKEN),
    silent: () => {},
  }
  return loopbackServer(rules.RulesServiceService, {
    watch: faults[fault],
    decide: (_call: unknown, callback: (error: typeof BROKEN) => void) => callback(BROKEN),
  })
}

function versionOf(document: string): string {
  return createHash('sha256').update(document).digest('hex').slice(0, 16)
}
