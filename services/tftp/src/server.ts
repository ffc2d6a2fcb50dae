import type { Socket } from 'node:dgram'
import { DecodeError } from '@reboots/protocol/bytes'
import type { Seconds } from '@reboots/protocol/net'
import { decodePacket, encodePacket, ReadTransfer, type TftpPacket, type TftpRequest } from '@reboots/protocol/tftp'
import { OperatorError, type Log } from '@reboots/runtime'
import type { Received, TftpMetrics } from './adapters/metrics.ts'
import { unfragmentedBlksize } from './adapters/mtu.ts'
import { TransferRun } from './adapters/transfer-run.ts'
import { formatPeer, openListener, openUdp, type Peer } from './adapters/udp.ts'
import { handle } from './handle.ts'
import { errorFor, type Refusal, type Serve, type Silence } from './outcome.ts'
import type { Files } from './ports.ts'
import { readName, type RequestedName } from './requested-name.ts'
import type { Entry, Transfers } from './transfers.ts'

export interface ServerOptions {
  readonly host: string
  readonly port: number
  readonly files: Files
  readonly transfers: Transfers
  readonly limits: {
    readonly blksize?: number | undefined
    readonly windowsize: number
    readonly timeoutSeconds: number
  }
  readonly log: Log
  readonly metrics: TftpMetrics
}

/** TFTP on one address. */
export interface Server {
  /** `192.0.2.1:69`, as bound. */
  readonly address: string
  /** Takes a datagram as if it had come to the port. */
  receive(bytes: Uint8Array, from: Peer): void
  close(): Promise<void>
}

/** Opens the service's port and answers what comes there. OperatorError when the port cannot be had. */
export async function openServer(options: ServerOptions): Promise<Server> {
  const listener = await openListener(options.host, options.port)
  // ERRORs need no transfer, but must not come from the service's port either (RFC 1350 §4): one more port for all of them.
  const refusals = await openUdp(options.host, 0)
  const server = new ListeningServer(options, listener, refusals)
  const receive = (bytes: Uint8Array, from: Peer): void => server.receive(bytes, from)
  listener.on('message', receive)
  return { address: formatPeer(listener.address()), receive, close: () => server.close() }
}

/** What is known of a request for its log line. */
interface Asked {
  readonly from: string
  readonly request?: TftpRequest
  readonly name?: RequestedName | undefined
}

class ListeningServer {
  readonly #options: ServerOptions
  readonly #listener: Socket
  readonly #refusals: Socket
  readonly #blksize: number

  constructor(options: ServerOptions, listener: Socket, refusals: Socket) {
    this.#options = options
    this.#listener = listener
    this.#refusals = refusals
    this.#blksize = options.limits.blksize ?? unfragmentedBlksize(options.host)
  }

  receive(bytes: Uint8Array, from: Peer): void {
    const asked: Asked = { from: formatPeer(from) }
    // Nothing can be sent to port 0; some systems refuse even to try.
    if (from.port === 0) return this.#silent('malformed', 'source-port-0', asked)
    try {
      this.#route(decodePacket(bytes), bytes, from, asked)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      if (error.reason === 'bad-opcode') this.#refuse('malformed', 'bad-opcode', from, asked)
      else this.#silent('malformed', 'malformed', asked)
    }
  }

  async close(): Promise<void> {
    for (const entry of this.#options.transfers.all()) entry.run?.fail('the service stops', 'The server stops')
    await Promise.all(
      [this.#listener, this.#refusals].map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))),
    )
  }

  #route(packet: TftpPacket, bytes: Uint8Array, from: Peer, asked: Asked): void {
    if (packet.op !== 'rrq' && packet.op !== 'wrq') return this.#silent(packet.op, 'not-a-request', asked)
    const known = { ...asked, request: packet, name: readName(packet.filename) }
    if (packet.op === 'wrq') return this.#refuse('wrq', 'read-only', from, known)
    const key = `${this.#options.host}|${this.#options.port}|${known.from}`
    const admission = this.#options.transfers.admit(key, bytes)
    if (admission === 'repeated-request') return this.#silent('rrq', admission, known)
    if (admission === 'busy') return this.#refuse('rrq', admission, from, known)
    void this.#answer(packet, from, known, admission).finally(() => this.#options.transfers.leave(key, admission))
  }

  async #answer(request: TftpRequest, from: Peer, asked: Asked, entry: Entry): Promise<void> {
    const { files, limits } = this.#options
    const outcome = await handle(request, asked.name, files, {
      blksize: this.#blksize,
      windowsize: limits.windowsize,
      timeout: limits.timeoutSeconds as Seconds,
    })
    if ('refuse' in outcome) return this.#refuse('rrq', outcome.refuse, from, asked)
    if ('silent' in outcome) return this.#silent('rrq', outcome.silent, asked)
    try {
      if (!entry.replaced) await this.#transfer(outcome, from, asked, entry)
    } finally {
      outcome.serve.close()
    }
  }

  async #transfer({ serve, content, negotiated }: Serve, peer: Peer, asked: Asked, entry: Entry): Promise<void> {
    const { metrics, host, log } = this.#options
    const socket = await openUdp(host, 0).catch(outOfSockets)
    if (socket === undefined) return this.#refuse('rrq', 'busy', peer, asked)
    metrics.packet('rrq', 'transfer')
    const transfer = new ReadTransfer(content, negotiated)
    const onStray = (reason: 'foreign-tid' | 'malformed'): void => metrics.stray(reason)
    const run = new TransferRun({ socket, peer, transfer, content: serve.content, onStray })
    entry.run = run
    entry.answered = () => transfer.answered
    const { end, took, why } = await run.ended
    metrics.ended(end, transfer.acknowledgedOctets, transfer.retransmissions, took / 1000)
    log.info(
      {
        ...this.#fields(asked),
        file: serve.name,
        size: serve.size,
        bytes: transfer.acknowledgedOctets,
        blksize: negotiated.use.blksize,
        windowsize: negotiated.use.windowsize,
        ms: Math.round(took),
        retransmissions: transfer.retransmissions,
        end,
        ...(why !== undefined && { why }),
      },
      end === 'complete' ? 'sent' : `not sent: ${end}`,
    )
  }

  #refuse(received: Received, refusal: Refusal, to: Peer, asked: Asked): void {
    const { log, metrics } = this.#options
    metrics.packet(received, refusal)
    log.info({ ...this.#fields(asked), received, refused: refusal }, 'refused')
    this.#refusals.send(encodePacket(errorFor(refusal)), to.port, to.address, (error) => {
      if (error !== null) log.debug({ ...this.#fields(asked), why: error.message }, 'not sent')
    })
  }

  #silent(received: Received, silence: Silence, asked: Asked): void {
    this.#options.metrics.packet(received, silence)
    this.#options.log.debug({ ...this.#fields(asked), received, silent: silence }, 'no answer')
  }

  #fields({ from, request, name }: Asked): Record<string, unknown> {
    return {
      from,
      to: this.#options.host,
      ...(request !== undefined && { asked: request.filename, options: Object.fromEntries(request.options) }),
      ...(name?.mac !== undefined && { mac: name.mac }),
      ...(name?.traceparent !== undefined && { traceparent: name.traceparent }),
    }
  }
}

/** No descriptor or port left for one more transfer is a matter of "later"; an OperatorError came at start, or never. */
function outOfSockets(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EMFILE' || code === 'ENFILE' || code === 'ENOBUFS' || error instanceof OperatorError) return undefined
  throw error
}
