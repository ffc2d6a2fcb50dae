import type { Content, Negotiated, TftpError } from '@reboots/protocol/tftp'
import { TFTP_ERRORS } from '@reboots/protocol/tftp'
import type { BootFile, FileRefusal } from './ports.ts'

/** Why a request got an ERROR. */
export type Refusal = FileRefusal | 'netboot-not-allowed' | 'read-only' | 'bad-mode' | 'bad-opcode'

/** Why a datagram got no answer. */
export type Silence = 'malformed' | 'not-a-request' | 'repeated-request' | 'source-port-0'

export interface Serve {
  readonly serve: BootFile
  /** What is sent: the file, or its translation. */
  readonly content: Content
  readonly negotiated: Negotiated
}

/** What a datagram that came to the service's port leads to. */
export type Outcome = Serve | { readonly refuse: Refusal } | { readonly silent: Silence }

const { fileNotFound, accessViolation, illegalOperation, notDefined } = TFTP_ERRORS

/** What a client reads. The words say nothing of what lies where on this machine. */
const ERRORS: Readonly<Record<Refusal, readonly [number, string]>> = {
  missing: [fileNotFound.code, 'File not found'],
  'bad-name': [accessViolation.code, 'Not a name this server opens'],
  'outside-root': [accessViolation.code, 'Access violation'],
  'not-a-regular-file': [accessViolation.code, 'Not a file'],
  'netboot-not-allowed': [accessViolation.code, 'Network boot is not allowed for this machine'],
  'read-only': [accessViolation.code, 'This server is read-only'],
  'bad-mode': [illegalOperation.code, 'Unknown mode, use octet'],
  'bad-opcode': [illegalOperation.code, 'Illegal TFTP operation'],
  busy: [notDefined.code, 'Busy, ask again in a moment'],
}

export function errorFor(refusal: Refusal): TftpError {
  const [code, message] = ERRORS[refusal]
  return { op: 'error', code, message }
}
