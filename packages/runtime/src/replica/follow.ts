import { Metadata, status, type ClientReadableStream, type ServiceError } from '@grpc/grpc-js'

export interface FollowOptions<R> {
  /** Opens the stream, resuming from what is held. */
  open(metadata: Metadata): ClientReadableStream<R>
  receive(response: R): void
  readonly connected: () => void
  /** The stream broke or could not be opened; called once for each time it was lost. */
  readonly lost: (why: string) => void
}

export interface Following {
  close(): void
}

const LEAST_WAIT_MS = 200
const MOST_WAIT_MS = 5000

/**
 * Keeps a server stream open for ever. The first attempt fails fast, so that there is a reason to show; the later ones wait in
 * the channel, which tries to connect at least every second, and so start the moment the server is there. A server that accepts
 * and then breaks off is asked again after 0.2 s, then twice as long each time, up to 5 s, with jitter.
 */
export function follow<R>(options: FollowOptions<R>): Following {
  let closed = false
  let failures = 0
  let connected = false
  let stream: ClientReadableStream<R> | undefined
  let timer: NodeJS.Timeout | undefined

  function open(): void {
    let over = false
    const end = (why: string): void => {
      if (over || closed) return
      over = true
      // Of attempts that fail one after another, the first is said.
      if (connected || failures === 0) options.lost(why)
      connected = false
      timer = setTimeout(open, backOff(failures++))
    }
    stream = options.open(new Metadata({ waitForReady: failures > 0 }))
    stream.on('data', (response: R) => {
      failures = 0
      options.receive(response)
    })
    stream.on('metadata', () => {
      connected = true
      options.connected()
    })
    stream.on('error', (error: ServiceError) => end(reasonOf(error)))
    stream.on('end', () => end('the server ended the stream'))
  }

  open()
  return {
    close: () => {
      closed = true
      clearTimeout(timer)
      stream?.cancel()
    },
  }
}

function backOff(failures: number): number {
  const most = Math.min(LEAST_WAIT_MS * 2 ** failures, MOST_WAIT_MS)
  return LEAST_WAIT_MS / 2 + Math.random() * (most - LEAST_WAIT_MS / 2)
}

function reasonOf(error: ServiceError): string {
  const last = /.*Last error: (?:Error: )?(.*?)(?:\. Resolution note.*)?$/s.exec(error.details)?.[1]
  const name = Object.entries(status).find(([, code]) => code === error.code)?.[0] ?? 'UNKNOWN'
  return last ?? `${name}: ${error.details}`
}
