import { Metadata, status, type ClientReadableStream, type ServiceError } from '@grpc/grpc-js'
import { leases } from '@reboots/api'
import { connect, OperatorError } from '@reboots/runtime'

/** The service said no: not found, not allowed by the books, a bad request. */
export class Declined extends Error {}

const DEADLINE_MS = 10_000

type Done<R> = (error: ServiceError | null, reply: R) => void

/** The lease API at an address, with errors an operator understands. */
export class LeaseApi {
  readonly #client: leases.LeaseServiceClient
  readonly address: string

  constructor(address: string) {
    this.address = address
    this.#client = connect(leases.LeaseServiceClient, address)
  }

  list(request: leases.ListRequest): AsyncIterable<leases.ListResponse> {
    return this.#read(this.#client.list(request))
  }

  watch(request: leases.WatchRequest): AsyncIterable<leases.WatchResponse> {
    return this.#read(this.#client.watch(request))
  }

  get(request: leases.GetRequest): Promise<leases.GetResponse> {
    return this.#ask((done) => this.#client.get(request, new Metadata(), { deadline: deadline() }, done))
  }

  reserve(request: leases.ReserveRequest): Promise<leases.ReserveResponse> {
    return this.#ask((done) => this.#client.reserve(request, new Metadata(), { deadline: deadline() }, done))
  }

  release(request: leases.ReleaseRequest): Promise<leases.ReleaseResponse> {
    return this.#ask((done) => this.#client.release(request, new Metadata(), { deadline: deadline() }, done))
  }

  history(request: leases.HistoryRequest): Promise<leases.HistoryResponse> {
    return this.#ask((done) => this.#client.history(request, new Metadata(), { deadline: deadline() }, done))
  }

  close(): void {
    this.#client.close()
  }

  #ask<R>(call: (done: Done<R>) => unknown): Promise<R> {
    return new Promise((resolve, reject) => {
      call((error, reply) => (error === null ? resolve(reply) : reject(this.#explain(error))))
    })
  }

  async *#read<R>(stream: ClientReadableStream<R>): AsyncGenerator<R> {
    try {
      for await (const response of stream) yield response as R
    } catch (error) {
      throw this.#explain(error as ServiceError)
    } finally {
      stream.cancel()
    }
  }

  #explain(error: ServiceError): Error {
    const { code, details } = error
    const unreachable =
      code === status.UNAVAILABLE && /No connection established|Name resolution failed|Connection dropped/.test(details)
    if (unreachable || code === status.DEADLINE_EXCEEDED || code === status.CANCELLED) {
      return new OperatorError(
        `no dhcp service answers at ${this.address} (${reasonIn(details)})`,
        'Start it (reboots up --mode full), or say where it is: --address host:port. It listens where dhcp.api.listen of its configuration says.',
      )
    }
    if (code === status.UNIMPLEMENTED) {
      return new OperatorError(
        `what listens at ${this.address} is no lease API`,
        'The address is that of dhcp.api.listen, 127.0.0.1:42117 unless the configuration says otherwise.',
      )
    }
    return new Declined(details)
  }
}

function deadline(): number {
  return Date.now() + DEADLINE_MS
}

function reasonIn(details: string): string {
  return /^.*Last error: (?:Error: )?(.*?)(?:\. Resolution note.*)?$/s.exec(details)?.[1] ?? details
}
