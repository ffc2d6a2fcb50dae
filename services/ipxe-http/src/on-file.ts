import { finished } from 'node:stream/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { byteRange, type ByteRange } from './byte-range.ts'
import type { BootFile, FilePorts } from './ports.ts'

export type FileOutcome =
  | 'sent'
  | 'sent-part'
  | 'broken-off'
  | 'not-modified'
  | 'head'
  | 'bad-range'
  | 'no-such-file'
  | 'busy'

/** Firmware decides by the type whether it got an image or a RAM disk (UEFI 2.10 §24.7); all else is opaque. */
const TYPES: Readonly<Record<string, string>> = {
  efi: 'application/efi',
  iso: 'application/vnd.efi-iso',
  img: 'application/vnd.efi-img',
  ipxe: 'text/plain; charset=utf-8',
  cfg: 'text/plain; charset=utf-8',
}

/**
 * Sends a boot file, or the part of it that was asked for, in constant memory. Content-Length is always there: UEFI needs it.
 * Resolves when it is sent, or never will be.
 */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  ports: FilePorts,
  store: 'files' | 'ipxe',
  path: string,
): Promise<{ readonly outcome: FileOutcome; readonly octets: number }> {
  const file = await ports.open(store, path)
  if (file === 'busy') {
    await reply
      .code(503)
      .header('retry-after', 1)
      .type('text/plain; charset=utf-8')
      .send('Too many downloads; try again.\n')
    return { outcome: 'busy', octets: 0 }
  }
  if (file === undefined) {
    await reply.code(404).type('text/plain; charset=utf-8').send('There is no such file.\n')
    return { outcome: 'no-such-file', octets: 0 }
  }
  const plan = planOf(request, file)
  reply.code(plan.status).headers({ ...headersOf(file, path), ...plan.headers })
  if (plan.part === undefined) {
    await file.handle.close()
    await reply.send()
    return { outcome: plan.outcome, octets: 0 }
  }
  return sendPart(reply, file, plan.part, plan.outcome)
}

async function sendPart(
  reply: FastifyReply,
  file: BootFile,
  { start, end }: ByteRange,
  outcome: FileOutcome,
): Promise<{ readonly outcome: FileOutcome; readonly octets: number }> {
  // The stream owns the handle from here on and closes it, also when the client goes away in the middle.
  const stream = file.handle.createReadStream({ start, end, highWaterMark: 256 * 1024 })
  // A file that has become shorter cannot be what Content-Length promised: without the rest, the client would wait for it.
  const isShort = (): boolean => stream.bytesRead <= end - start
  stream.prependOnceListener('end', () => {
    if (isShort()) reply.raw.destroy()
  })
  void reply.send(stream)
  const left = await finished(reply.raw).then(
    () => true,
    () => false,
  )
  return { outcome: left && !isShort() ? outcome : 'broken-off', octets: stream.bytesRead }
}

interface Plan {
  readonly status: number
  readonly outcome: FileOutcome
  readonly headers: Readonly<Record<string, string | number>>
  /** The octets to send; undefined for an answer without a body. */
  readonly part?: ByteRange
}

function planOf(request: FastifyRequest, file: BootFile): Plan {
  const etag = etagOf(file)
  if (isKnown(request.headers['if-none-match'], etag)) return { status: 304, outcome: 'not-modified', headers: {} }
  const range = rangeOf(request, file, etag)
  if (range === 'unsatisfiable') {
    return {
      status: 416,
      outcome: 'bad-range',
      headers: { 'content-range': `bytes */${file.size}`, 'content-length': 0 },
    }
  }
  const part = range ?? { start: 0, end: file.size - 1 }
  const length = part.end - part.start + 1
  const headers = {
    'content-length': length,
    ...(range === undefined ? {} : { 'content-range': `bytes ${part.start}-${part.end}/${file.size}` }),
  }
  const status = range === undefined ? 200 : 206
  if (request.method === 'HEAD') return { status, outcome: 'head', headers }
  const outcome = range === undefined ? 'sent' : 'sent-part'
  return length === 0 ? { status, outcome, headers } : { status, outcome, headers, part }
}

/** If-None-Match: any version, or a list of tags, compared without their mark of weakness (RFC 9110 §13.1.2). */
function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  return header.trim() === '*' || [...header.matchAll(/"[^"]*"/g)].some(([tag]) => tag === etag)
}

/**
 * A range is for GET only (RFC 9110 §14.2), and for the file the client has part of: with another If-Range the whole file is due
 * (§13.1.5).
 */
function rangeOf(request: FastifyRequest, file: BootFile, etag: string): ByteRange | 'unsatisfiable' | undefined {
  if (request.method !== 'GET') return undefined
  const held = request.headers['if-range']
  if (held !== undefined && held !== etag && held !== file.modified.toUTCString()) return undefined
  return byteRange(request.headers.range, file.size)
}

function headersOf(file: BootFile, path: string): Record<string, string> {
  return {
    'accept-ranges': 'bytes',
    'last-modified': file.modified.toUTCString(),
    etag: etagOf(file),
    'content-type': TYPES[path.slice(path.lastIndexOf('.') + 1).toLowerCase()] ?? 'application/octet-stream',
  }
}

/** Size and time of modification: equal in every replica that got the file by a copy that keeps times, as package and image layers do. */
function etagOf(file: BootFile): string {
  return `"${file.size.toString(16)}-${Math.floor(file.modified.getTime() / 1000).toString(16)}"`
}
