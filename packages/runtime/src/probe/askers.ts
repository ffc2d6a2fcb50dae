import { randomBytes } from 'node:crypto'
import type { Ipv4Address, MacAddress } from '@reboots/protocol/net'
import type { Readiness } from '../udp/native.ts'
import { arpSenderIn, encodeArpProbe } from './arp.ts'
import { behindIpHeader, echoedAddress, encodeEcho } from './icmp.ts'
import type { Asker } from './prober.ts'
import type { RawSocket } from './raw-sockets.ts'

/** Somebody uses an address; by ARP it is known who. */
export type Answered = (address: Ipv4Address, occupant: MacAddress | undefined) => void

/** Asks by ARP, one Ethernet. `open` is called again when the interface was made anew; it throws what it cannot open. */
export function arpAsker(open: () => RawSocket, answered: Answered): Asker {
  return new SocketAsker(
    open,
    (socket, address) => socket.send(encodeArpProbe(address, socket.mac)),
    (message, socket) => {
      const sender = arpSenderIn(message)
      if (sender !== undefined && sender.mac !== socket.mac) answered(sender.address, sender.mac)
    },
  )
}

/** Asks by ICMP echo, wherever the routes lead. */
export function echoAsker(open: () => RawSocket, answered: Answered): Asker {
  const token = new Uint8Array(randomBytes(8))
  return new SocketAsker(
    open,
    (socket, address) => socket.send(encodeEcho(address, token), address),
    (message, socket) => {
      const address = echoedAddress(socket.withIpHeader ? behindIpHeader(message) : message, token)
      if (address !== undefined) answered(address, undefined)
    },
  )
}

/** Read in one turn of the event loop at most; the rest is read in the next. */
const BATCH = 64

class SocketAsker implements Asker {
  readonly #open: () => RawSocket
  readonly #send: (socket: RawSocket, address: Ipv4Address) => boolean
  readonly #read: (message: Uint8Array, socket: RawSocket) => void
  #socket: RawSocket | undefined
  #readiness: Readiness | undefined
  #listening = false
  #closed = false

  constructor(
    open: () => RawSocket,
    send: (socket: RawSocket, address: Ipv4Address) => boolean,
    read: (message: Uint8Array, socket: RawSocket) => void,
  ) {
    this.#open = open
    this.#send = send
    this.#read = read
    this.#reopen()
  }

  ask(address: Ipv4Address): boolean {
    if (this.#closed) return false
    if (this.#socket !== undefined && this.#send(this.#socket, address)) return true
    try {
      this.#reopen()
      return this.#send(this.#socket!, address)
    } catch {
      return false
    }
  }

  listen(listening: boolean): void {
    this.#listening = listening
    if (!listening) return this.#readiness?.stop()
    // What has come while nobody asked may be long outdated.
    while (this.#socket?.receive() !== undefined);
    this.#readiness?.forReading()
  }

  close(): void {
    this.#closed = true
    this.#shut()
  }

  #shut(): void {
    this.#readiness?.close()
    this.#socket?.close()
    this.#socket = this.#readiness = undefined
  }

  #reopen(): void {
    this.#shut()
    const socket = this.#open()
    this.#socket = socket
    // A callback of libuv is none of Node's: what it leaves undone (promises, ticks, errors) is done in a turn of its own only.
    this.#readiness = socket.watch((failed) => setImmediate(() => (failed ? this.#shut() : this.#receive(socket))))
    if (!this.#listening) this.#readiness.stop()
  }

  #receive(socket: RawSocket): void {
    for (let count = 0; count < BATCH && this.#socket === socket && this.#listening; count++) {
      const message = socket.receive()
      if (message === undefined) return
      this.#read(message, socket)
    }
  }
}
