import { status, type sendUnaryData, type ServerUnaryCall, type ServerWritableStream } from '@grpc/grpc-js'
import { LeasesUnavailable } from '@reboots/leases'

export type Failure = keyof typeof STATUS

/** How a call ended: a metric label. */
export type CallOutcome = 'ok' | 'cancelled' | Failure

/** Told of every call when it ends. */
export type Observe = (method: string, outcome: CallOutcome) => void

const STATUS = {
  'not-found': status.NOT_FOUND,
  invalid: status.INVALID_ARGUMENT,
  refused: status.FAILED_PRECONDITION,
  unavailable: status.UNAVAILABLE,
} as const

/** The caller is told so: what, where, and what to do. */
export class Refused extends Error {
  readonly outcome: Failure

  constructor(outcome: Failure, why: string) {
    super(why)
    this.outcome = outcome
  }
}

export function unary<Q, R>(method: string, observe: Observe, answer: (request: Q) => Promise<R>) {
  return async ({ request }: ServerUnaryCall<Q, R>, callback: sendUnaryData<R>): Promise<void> => {
    try {
      const reply = await answer(request)
      observe(method, 'ok')
      callback(null, reply)
    } catch (error) {
      const { outcome, message } = refusalOf(error)
      observe(method, outcome)
      callback({ code: STATUS[outcome], details: message })
    }
  }
}

type Stream<Q, R> = (request: Q, signal: AbortSignal) => AsyncIterable<R>

/** Messages are pulled: a caller that reads slowly holds up its own stream, and nothing piles up here. */
export function streaming<Q, R>(method: string, observe: Observe, answer: Stream<Q, R>) {
  return async (call: ServerWritableStream<Q, R>): Promise<void> => {
    const signal = cancellation(call)
    try {
      for await (const message of answer(call.request, signal)) {
        await send(call, message, signal)
        if (signal.aborted) break
      }
      observe(method, signal.aborted ? 'cancelled' : 'ok')
      if (!signal.aborted) call.end()
    } catch (error) {
      const { outcome, message } = refusalOf(error)
      observe(method, outcome)
      call.emit('error', { code: STATUS[outcome], details: message })
    }
  }
}

/** Anything else that is thrown is a bug, and stays one. */
function refusalOf(error: unknown): Refused {
  if (error instanceof Refused) return error
  if (error instanceof LeasesUnavailable) return new Refused('unavailable', error.message)
  throw error
}

/** Aborted when the caller went away, cancelled, or the server closes. */
function cancellation<Q, R>(call: ServerWritableStream<Q, R>): AbortSignal {
  const controller = new AbortController()
  for (const event of ['cancelled', 'close', 'error']) call.on(event, () => controller.abort())
  if (call.cancelled) controller.abort()
  return controller.signal
}

/** Writes one message and waits until it is on its way, or the call is cancelled. */
function send<Q, R>(call: ServerWritableStream<Q, R>, message: R, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener('abort', done)
      resolve()
    }
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', done)
    call.write(message, done)
  })
}
