import {
  netasciiContent,
  negotiate,
  transferMode,
  type TftpRequest,
  type TransferOptions,
} from '@reboots/protocol/tftp'
import type { Outcome } from './outcome.ts'
import type { Files } from './ports.ts'
import type { RequestedName } from './requested-name.ts'

/** A machine asks for a file (RFC 1350 §4). */
export async function onReadRequest(
  request: TftpRequest,
  name: RequestedName | undefined,
  files: Files,
  limits: TransferOptions,
): Promise<Outcome> {
  const mode = transferMode(request)
  if (mode === undefined) return { refuse: 'bad-mode' }
  if (name === undefined) return { refuse: 'bad-name' }
  if (name.forbidden) return { refuse: 'netboot-not-allowed' }
  const file = await files.open(name.candidates)
  if (typeof file === 'string') return { refuse: file }
  if (mode === 'octet') {
    return { serve: file, content: file.content, negotiated: negotiate(request.options, file.size, limits) }
  }
  const negotiated = negotiate(request.options, undefined, limits)
  return { serve: file, content: netasciiContent(file.content, negotiated.use.windowsize), negotiated }
}
