import type { Destination } from '@reboots/protocol/dhcp'
import type { Datagram } from '@reboots/protocol/net'
import { createMetrics, type DhcpService, type Log, type Metrics, type UdpDoorOptions } from '@reboots/runtime'

/** What became of one datagram: the fields of its log line, and what was sent. */
export interface Fate {
  readonly fields: Readonly<Record<string, unknown>>
  readonly reply: { readonly bytes: Uint8Array; readonly to: Destination } | undefined
}

/** A service as its main program wires it, with doors that have no sockets. */
export interface Stand {
  readonly name: string
  /** How the service tells clients apart. */
  readonly identity: 'mac' | 'client-id'
  /** Gives no addresses. */
  readonly proxy: boolean
  readonly doors: readonly Door[]
}

export interface Door {
  readonly link: string
  readonly port: number
  /** Delivers datagrams together; resolves when each of them has its fate, in the order in which that was decided. */
  deliver(batch: readonly Datagram[]): Promise<readonly Fate[]>
}

/** So many turns of the microtask queue a batch may take; the steps of one message are two or three of them. */
const MOST_TURNS = 1000

/** What a service needs to be opened, and the doors it has opened by then. */
export class Doors {
  readonly doors: Door[] = []
  readonly metrics: Metrics
  #fates: Fate[] = []
  #reply: Fate['reply']

  constructor(name: string) {
    this.metrics = createMetrics(name)
  }

  get surroundings(): Required<Pick<DhcpService<never>, 'log' | 'metrics' | 'open'>> {
    return { log: this.#log(), metrics: this.metrics, open: async (options) => this.#open(options) }
  }

  #open({ link, port, onBatch }: UdpDoorOptions) {
    this.doors.push({ link: link.name, port, deliver: (batch) => this.#deliver(onBatch, batch) })
    const send = (bytes: Uint8Array, to: Destination): void => void (this.#reply = { bytes: bytes.slice(), to })
    return { link, port, send, close: async () => {} }
  }

  async #deliver(onBatch: UdpDoorOptions['onBatch'], batch: readonly Datagram[]): Promise<readonly Fate[]> {
    this.#fates = []
    onBatch(batch)
    for (let turns = 0; this.#fates.length < batch.length && turns < MOST_TURNS; turns++) await Promise.resolve()
    return this.#fates
  }

  /** A log that prints every level, to nowhere: each datagram is one line, and its reply has been sent just before. */
  #log(): Log {
    const line = (fields: Readonly<Record<string, unknown>>, text: string): void => {
      if (text !== 'packet') return
      this.#fates.push({ fields, reply: this.#reply })
      this.#reply = undefined
    }
    return { isLevelEnabled: () => true, debug: line, info: line, warn: line } as unknown as Log
  }
}
