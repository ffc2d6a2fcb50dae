import { Metadata, status, type ServiceError } from '@grpc/grpc-js'
import { history } from '@reboots/api'
import { parseMac } from '@reboots/protocol/net'
import { connect, OperatorError } from '@reboots/runtime'

/** The service said no. */
export class Declined extends Error {}

const DEADLINE_MS = 10_000

/** As calls name a machine. */
export interface Named {
  readonly mac: string
  readonly machineId: string
}

/** `52:54:00:12:34:56` in any notation, or `record:ID` as the list has it. OperatorError for anything else. */
export function named(word: string): Named {
  if (word.startsWith('record:') && word.length > 7) return { mac: '', machineId: word.slice(7) }
  const mac = parseMac(word)
  if (mac !== undefined) return { mac, machineId: '' }
  throw new OperatorError(
    `"${word}" is neither a MAC address nor a record`,
    'Write a MAC such as 52:54:00:12:34:56, in any notation, or record:ID as "reboots boots" lists it.',
  )
}

type Done = (error: ServiceError | null, reply: { history?: history.History | undefined }) => void
type Unary = (request: Named, metadata: Metadata, options: { deadline: number }, done: Done) => unknown

/** The history of boots at an address, with errors an operator understands. */
export class HistoryApi {
  readonly #client: history.HistoryServiceClient
  readonly #address: string

  constructor(address: string) {
    this.#address = address
    this.#client = connect(history.HistoryServiceClient, address)
  }

  /** What is remembered of all machines now. */
  async all(): Promise<history.History[]> {
    const all: history.History[] = []
    const stream = this.#client.watch({}, new Metadata(), { deadline: deadline() })
    try {
      for await (const { histories, synced } of stream as AsyncIterable<history.WatchResponse>) {
        all.push(...histories)
        if (synced) break
      }
      return all
    } catch (error) {
      throw this.#explain(error as ServiceError)
    } finally {
      stream.on('error', () => {}).cancel()
    }
  }

  get(machine: Named): Promise<history.History> {
    return this.#ask(this.#client.get, machine)
  }

  booted(machine: Named): Promise<history.History> {
    return this.#ask(this.#client.booted, machine)
  }

  /** Gives what was forgotten. */
  reopen(machine: Named): Promise<history.History> {
    return this.#ask(this.#client.reopen, machine)
  }

  close(): void {
    this.#client.close()
  }

  #ask(call: Unary, machine: Named): Promise<history.History> {
    return new Promise((resolve, reject) => {
      call.call(this.#client, machine, new Metadata(), { deadline: deadline() }, (error, reply) =>
        error === null ? resolve(reply.history!) : reject(this.#explain(error)),
      )
    })
  }

  #explain({ code, details }: ServiceError): Error {
    if (code === status.UNIMPLEMENTED)
      return new OperatorError(
        `what listens at ${this.#address} keeps no history of boots`,
        'The address is that of rules.listen, 127.0.0.1:42115 unless the configuration says otherwise.',
      )
    if (code === status.INVALID_ARGUMENT || (code === status.UNAVAILABLE && !/onnection|resolution/.test(details)))
      return new Declined(details)
    return new OperatorError(
      `no rules-engine answers at ${this.#address} (${reasonIn(details)})`,
      'Start it (reboots up), or say where it is: --address host:port. It listens where rules.listen of its configuration says.',
    )
  }
}

function reasonIn(details: string): string {
  return /^.*Last error: (?:Error: )?(.*?)(?:\. Resolution note.*)?$/s.exec(details)?.[1] ?? details
}

function deadline(): number {
  return Date.now() + DEADLINE_MS
}
