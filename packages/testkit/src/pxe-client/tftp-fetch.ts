import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import { decodePacket, encodePacket, type TftpPacket } from '@reboots/protocol/tftp'

const PORT = 69
const BLKSIZE = 1468
const RESEND_AFTER_MS = 1000
const TRIES = 5

/** A file by TFTP (RFC 1350, 2347, 2348), block by block as firmware takes it. Rejects with the server's ERROR or when nothing comes. */
export async function fetchByTftp(server: string, filename: string): Promise<Uint8Array> {
  const socket = createSocket('udp4')
  socket.bind(0)
  await once(socket, 'listening')
  const parts: Uint8Array[] = []
  let port = PORT
  let blksize = 512
  const options = new Map([
    ['blksize', String(BLKSIZE)],
    ['tsize', '0'],
  ])
  let last: TftpPacket = { op: 'rrq', filename, mode: 'octet', options }
  try {
    for (;;) {
      const [packet, from] = await exchange(socket, last, server, port)
      port = from.port
      if (packet.op === 'error') throw new Error(`TFTP error ${packet.code}: ${packet.message}`)
      if (packet.op === 'oack') {
        blksize = Number(packet.options.get('blksize') ?? blksize)
        last = { op: 'ack', block: 0 }
      }
      if (packet.op !== 'data') continue
      last = { op: 'ack', block: packet.block }
      if (packet.block !== ((parts.length + 1) & 0xffff)) continue
      parts.push(packet.data)
      if (packet.data.length === blksize) continue
      socket.send(encodePacket(last), port, server)
      return Buffer.concat(parts)
    }
  } finally {
    await new Promise<void>((resolve) => void socket.close(() => resolve()))
  }
}

/** Sends a packet, again after a second of silence, and resolves with what comes back from that server. */
async function exchange(
  socket: ReturnType<typeof createSocket>,
  packet: TftpPacket,
  server: string,
  port: number,
): Promise<[TftpPacket, RemoteInfo]> {
  for (let tries = 0; tries < TRIES; tries++) {
    socket.send(encodePacket(packet), port, server)
    try {
      const signal = AbortSignal.timeout(RESEND_AFTER_MS)
      const [bytes, from] = (await once(socket, 'message', { signal })) as [Buffer, RemoteInfo]
      return [decodePacket(bytes), from]
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'AbortError') throw error
    }
  }
  throw new Error(`TFTP: no answer from ${server}:${port}`)
}
