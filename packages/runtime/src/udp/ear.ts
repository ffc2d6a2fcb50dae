import { macOfBytes, type MacAddress } from '@reboots/protocol/net'
import { readUdpInIp, type UdpInIp } from './ip-packet.ts'
import { loadPacketSockets, type PacketSockets } from './packet-sockets.ts'

/** A datagram of others. Its octets are good until the next one is read. */
export interface Overheard extends UdpInIp {
  readonly sender: MacAddress
}

/** Hears what is sent to a port by others and to others, as far as it reaches this host; says nothing and takes nothing away. */
export interface Ear {
  /** What has come since the last time, so many datagrams at most. */
  listen(most: number, heard: (datagram: Overheard) => void): void
  close(): void
}

export interface EarOptions {
  readonly link: string
  readonly port: number
  /** Also what programs of this host send. */
  readonly here: boolean
}

/** Of what comes while nobody listens, some hundreds of messages are kept. */
const ROOM = 256 * 1024
const ETHERNET_HEADER = 14
/** MAC of the sender in an Ethernet header. */
const SENDER = [6, 12] as const

/** How ears are opened; undefined without koffi. What it returns throws an Error with `code`. */
export async function loadEars(): Promise<((options: EarOptions) => Ear) | undefined> {
  const sockets = await loadPacketSockets()
  return sockets === undefined ? undefined : (options) => openEar(sockets, options)
}

function openEar(sockets: PacketSockets, { link, port, here }: EarOptions): Ear {
  const wanted = { toPort: port, header: ETHERNET_HEADER, sentTo: here ? 'from-here-too' : 'anybody' } as const
  const capture = sockets.openCapture(link, wanted, ROOM)
  const room = new Uint8Array(2048)
  let index = sockets.indexOf(link)
  return {
    listen(most, heard) {
      const now = sockets.indexOf(link)
      if (now !== index && now !== 0) capture.move(link)
      index = now
      for (let read = 0; read < most; read++) {
        const length = capture.receive(room)
        if (length < 0) return
        const packet = readUdpInIp(room.subarray(ETHERNET_HEADER, Math.max(length, ETHERNET_HEADER)))
        if (packet !== undefined) heard({ ...packet, sender: macOfBytes(room.subarray(...SENDER)) })
      }
    },
    close: () => capture.close(),
  }
}
