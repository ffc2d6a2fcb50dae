import { Metadata, status, type ServiceError } from '@grpc/grpc-js'
import { policies } from '@reboots/api'
import { connect, OperatorError } from '@reboots/runtime'

/** The service said no: not accepted, not found, another version in force. */
export class Declined extends Error {}

/** Ten thousand rules and their tests take some seconds to check. */
const DEADLINE_MS = 60_000

type Done<R> = (error: ServiceError | null, reply: R) => void
type Client = policies.PolicyServiceClient
type Unary<Q, R> = (request: Q, metadata: Metadata, options: { deadline: number }, done: Done<R>) => unknown

/** The policy API at an address, with errors an operator understands. */
export class PolicyApi {
  readonly #client: Client
  readonly address: string

  constructor(address: string) {
    this.address = address
    this.#client = connect(policies.PolicyServiceClient, address)
  }

  list(request: policies.ListVersionsRequest): Promise<policies.ListVersionsResponse> {
    return this.#ask(this.#client.listVersions, request)
  }

  get(version: string): Promise<policies.GetVersionResponse> {
    return this.#ask(this.#client.getVersion, { version })
  }

  apply(request: policies.ApplyRequest): Promise<policies.ApplyResponse> {
    return this.#ask(this.#client.apply, request)
  }

  rollback(request: policies.RollbackRequest): Promise<policies.RollbackResponse> {
    return this.#ask(this.#client.rollback, request)
  }

  explain(request: policies.ExplainRequest): Promise<policies.ExplainResponse> {
    return this.#ask(this.#client.explain, request)
  }

  impact(request: policies.ImpactRequest): Promise<policies.ImpactResponse> {
    return this.#ask(this.#client.impact, request)
  }

  startShadow(request: policies.StartShadowRequest): Promise<policies.StartShadowResponse> {
    return this.#ask(this.#client.startShadow, request)
  }

  getShadow(request: policies.GetShadowRequest): Promise<policies.GetShadowResponse> {
    return this.#ask(this.#client.getShadow, request)
  }

  stopShadow(): Promise<policies.StopShadowResponse> {
    return this.#ask(this.#client.stopShadow, {})
  }

  close(): void {
    this.#client.close()
  }

  #ask<Q, R>(call: Unary<Q, R>, request: Q): Promise<R> {
    return new Promise((resolve, reject) => {
      call.call(this.#client, request, new Metadata(), { deadline: Date.now() + DEADLINE_MS }, (error, reply) =>
        error === null ? resolve(reply) : reject(this.#explain(error)),
      )
    })
  }

  #explain({ code, details }: ServiceError): Error {
    if (code === status.UNIMPLEMENTED)
      return new OperatorError(
        `what listens at ${this.address} has no policy API`,
        'The address is that of rules.listen, 127.0.0.1:42115 unless the configuration says otherwise.',
      )
    const unreachable = code === status.UNAVAILABLE && /connection|Name resolution failed|Connection/.test(details)
    if (unreachable || code === status.DEADLINE_EXCEEDED || code === status.CANCELLED)
      return new OperatorError(
        `no rules-engine answers at ${this.address} (${reasonIn(details)})`,
        'Start it (reboots up), or say where it is: --address host:port. It listens where rules.listen of its configuration says.',
      )
    return new Declined(details)
  }
}

function reasonIn(details: string): string {
  return /^.*Last error: (?:Error: )?(.*?)(?:\. Resolution note.*)?$/s.exec(details)?.[1] ?? details
}
