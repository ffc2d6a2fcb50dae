import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { decodeMessage, encodeMessage, option, serverIdentifier, type DhcpMessage } from '@reboots/protocol/dhcp'
import { DecodeError } from '@reboots/protocol/bytes'
import type { Ipv4Address } from '@reboots/protocol/net'

/** A message as it came, with the port it came from. */
export interface Heard {
  readonly message: DhcpMessage
  readonly port: number
}

/** Whether these answers will do. */
export type Judgement = (answers: readonly Heard[]) => boolean

/** A DHCP client's socket: what is said, and what is heard for one transaction after another. */
export class DhcpDialog {
  readonly #socket: Socket
  readonly #heard: Heard[] = []
  #changed: () => void = () => {}

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('message', (bytes, { port }) => {
      const message = decoded(bytes)
      if (message?.op !== 'bootreply') return
      this.#heard.push({ message, port })
      this.#changed()
    })
  }

  /** Binds port 68, or 4011 for the UEFI way of asking a boot server. */
  static async open(port: number): Promise<DhcpDialog> {
    const socket = createSocket({ type: 'udp4', reuseAddr: true })
    socket.bind(port)
    await once(socket, 'listening')
    socket.setBroadcast(true)
    return new DhcpDialog(socket)
  }

  /**
   * Says something and collects the answers to it (same xid) until all that can be hoped for are there. Each time one of `waits`
   * milliseconds is over it makes do with answers that are usable, or else says it again; in the end it resolves with what there
   * is, which may be nothing.
   */
  async ask(
    message: DhcpMessage,
    to: { readonly address: string; readonly port: number },
    enough: { readonly all: Judgement; readonly usable: Judgement },
    waits: readonly number[] = [1000, 2000, 4000],
  ): Promise<readonly Heard[]> {
    const bytes = encodeMessage(message)
    const answers = (): Heard[] => this.#heard.filter((heard) => heard.message.xid === message.xid)
    this.#heard.length = 0
    for (const wait of waits) {
      this.#socket.send(bytes, to.port, to.address)
      await this.#until(() => enough.all(answers()), wait)
      if (enough.usable(answers())) break
    }
    return answers()
  }

  close(): void {
    this.#socket.close()
  }

  async #until(condition: () => boolean, within: number): Promise<void> {
    if (condition()) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#changed = () => {
      if (condition()) resolve()
    }
    const timer = setTimeout(resolve, within)
    await promise
    clearTimeout(timer)
    this.#changed = () => {}
  }
}

/** Who answered: option 54, which every server has to send. */
export function serverOf({ message }: Heard): Ipv4Address | undefined {
  return option(message, serverIdentifier)
}

function decoded(bytes: Uint8Array): DhcpMessage | undefined {
  try {
    return decodeMessage(bytes)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}
