import { status, type ServerWritableStream } from '@grpc/grpc-js'

/** How a call ended: a metric label. */
export type CallOutcome = 'ok' | 'cancelled' | Failure

export type Failure = keyof typeof STATUS

/** What a unary call is answered with: the message, or why there is none. */
export type Answer<T> = { readonly answer: T } | { readonly outcome: Failure; readonly why: string }

export const STATUS = {
  'not-found': status.NOT_FOUND,
  invalid: status.INVALID_ARGUMENT,
  refused: status.FAILED_PRECONDITION,
  unavailable: status.UNAVAILABLE,
} as const

/** Aborted when the client went away, cancelled, or the server closes. */
export function cancellation<Q, R>(call: ServerWritableStream<Q, R>): AbortSignal {
  const controller = new AbortController()
  for (const event of ['cancelled', 'close', 'error']) call.on(event, () => controller.abort())
  if (call.cancelled) controller.abort()
  return controller.signal
}

/**
 * Writes one message and waits until it is on its way, so that a client that reads slowly holds up its own stream and nothing
 * piles up here. Resolves when the call is cancelled, too.
 */
export function send<Q, R>(call: ServerWritableStream<Q, R>, message: R, signal: AbortSignal): Promise<void> {
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
