import type { TftpPacket, TransferOptions } from '@reboots/protocol/tftp'
import { onReadRequest } from './on-read-request.ts'
import type { Outcome } from './outcome.ts'
import type { Files } from './ports.ts'
import type { RequestedName } from './requested-name.ts'

/** The fork in the road: what came to the service's port, by opcode. Packets of a transfer go to the transfer's own port. */
export async function handle(
  packet: TftpPacket,
  name: RequestedName | undefined,
  files: Files,
  limits: TransferOptions,
): Promise<Outcome> {
  switch (packet.op) {
    case 'rrq':
      return onReadRequest(packet, name, files, limits)
    case 'wrq':
      return { refuse: 'read-only' }
    case 'data':
    case 'ack':
    case 'oack':
    case 'error':
      return { silent: 'not-a-request' }
  }
}
