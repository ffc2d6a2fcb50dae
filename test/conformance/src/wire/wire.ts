import assert from 'node:assert/strict'
import { formatIpv4 } from '@reboots/protocol/net'
import { packetOf, type Packet } from '@reboots/testkit'
import { arpRequestIn, encodeArpReply, encodeEchoReply, encodeFrame, pingedIn, type Frame } from './frame.ts'
import { ip, mac } from './octets.ts'
import { openPacketSocket, type PacketSocket } from './packet-socket.ts'
import { readMessage, type Message } from './reply.ts'

/** A server's message with what carried it. */
export interface Reply extends Message {
  readonly sourceMac: string
  readonly destinationMac: string
  readonly from: string
  readonly fromPort: number
  readonly to: string
  readonly toPort: number
}

/** How long an answer may take before it counts as silence. Generous: the machine may be busy with other things. */
const PATIENCE_MS = 5000
const SERVER_PORTS: ReadonlySet<number> = new Set([67, 4011])

/**
 * The clients' end of one Ethernet: puts frames on it, answers ARP and pings for the addresses its clients have, and keeps what servers say. The
 * namespace it is in has no addresses of its own, so nothing but this answers there.
 */
export class Wire {
  readonly #socket: PacketSocket
  readonly #owned = new Map<string, string>()
  readonly #replies: Packet[] = []
  readonly #listeners = new Set<() => void>()
  readonly frames: { readonly at: number; readonly bytes: Uint8Array }[] = []

  constructor(namespace: string, link: string) {
    this.#socket = openPacketSocket(namespace, link, (frame) => this.#arrived(frame))
  }

  /** A client has this address from now on: ARP requests and pings for it are answered. */
  own(address: string, hardware: string): void {
    this.#owned.set(ip(address), mac(hardware))
  }

  disown(address: string): void {
    this.#owned.delete(ip(address))
  }

  send(frame: Frame): void {
    this.#socket.send(encodeFrame(frame))
  }

  /** Takes the first message of a server that is as wanted out of those that came and nobody has taken, or waits for it. */
  async take(wanted: (packet: Packet) => boolean, within = PATIENCE_MS): Promise<Reply> {
    const { promise, resolve, reject } = Promise.withResolvers<Packet>()
    const look = (): void => {
      const index = this.#replies.findIndex(wanted)
      if (index >= 0) resolve(this.#replies.splice(index, 1)[0]!)
    }
    const timer = setTimeout(() => reject(new assert.AssertionError({ message: 'no answer' })), within)
    this.#listeners.add(look)
    look()
    try {
      return replyIn(await promise)
    } finally {
      this.#listeners.delete(look)
      clearTimeout(timer)
    }
  }

  /** Takes all messages that came and are as wanted. */
  takeArrived(wanted: (packet: Packet) => boolean = () => true): Reply[] {
    const taken = this.#replies.filter(wanted)
    for (const packet of taken) this.#replies.splice(this.#replies.indexOf(packet), 1)
    return taken.map(replyIn)
  }

  close(): Promise<void> {
    return this.#socket.close()
  }

  #arrived(frame: Uint8Array): void {
    const request = arpRequestIn(frame)
    const owner = request && this.#owned.get(request.target)
    if (request !== undefined && owner !== undefined) this.#socket.send(encodeArpReply(request, owner))
    const pinged = pingedIn(frame)
    if (pinged !== undefined && this.#owned.has(pinged)) this.#socket.send(encodeEchoReply(frame))
    const packet = packetOf({ at: Date.now(), bytes: frame })
    if (packet === undefined || packet.protocol !== 'udp' || !SERVER_PORTS.has(packet.from.port)) return
    this.frames.push({ at: packet.at, bytes: frame })
    this.#replies.push(packet)
    for (const listener of this.#listeners) listener()
  }
}

/** Whether a server's packet answers the message with this transaction. */
export function answers(xid: number): (packet: Packet) => boolean {
  return ({ payload }) => payload.length >= 8 && new DataView(payload.buffer, payload.byteOffset).getUint32(4) === xid
}

function replyIn(packet: Packet): Reply {
  return {
    ...readMessage(packet.payload),
    sourceMac: packet.sourceMac,
    destinationMac: packet.destinationMac,
    from: formatIpv4(packet.from.address),
    fromPort: packet.from.port,
    to: formatIpv4(packet.to.address),
    toPort: packet.to.port,
  }
}
