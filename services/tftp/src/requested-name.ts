import { parseMac, type MacAddress } from '@reboots/protocol/net'

/** What a file name says besides the file. */
export interface RequestedName {
  /** Names to try, in this order, relative to the roots. */
  readonly candidates: readonly string[]
  /** The machine, when the name begins with its MAC. */
  readonly mac?: MacAddress
  /** A W3C trace context, when the name ends with one. */
  readonly traceparent?: string
  /** The file that boot servers name for machines that must not boot. */
  readonly forbidden: boolean
}

/** Smee's form of a traceparent behind a file name: version, trace id, parent id, flags. */
const TRACE = /^(.+)-([0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})$/i

/**
 * Reads a file name as Tinkerbell's boot servers write it: `[/][<mac>/]<file>[-<traceparent>]`. A file that really lies in a directory named
 * by the MAC comes before the one for everybody. Undefined for names that are not UTF-8. Whether a name may be opened is the jail's question.
 */
export function readName(filename: string): RequestedName | undefined {
  const text = utf8(filename)
  if (text === undefined) return undefined
  const [, before = text, traceparent] = TRACE.exec(text) ?? []
  const path = before.replace(/^\/+/, '')
  const slash = path.indexOf('/')
  const mac = slash > 0 ? macOf(path.slice(0, slash)) : undefined
  const file = mac === undefined ? path : path.slice(slash + 1)
  return {
    candidates: mac === undefined ? [file] : [path, file],
    ...(mac !== undefined && { mac }),
    ...(traceparent !== undefined && { traceparent }),
    forbidden: file === 'netboot-not-allowed',
  }
}

/** Only Ethernet's six octets: longer runs of digits may well be names of directories. */
function macOf(text: string): MacAddress | undefined {
  const mac = parseMac(text)
  return mac?.length === 17 ? mac : undefined
}

/** The codec gives one character per octet; on disk, names are UTF-8. */
function utf8(filename: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(filename, 'latin1'))
  } catch {
    return undefined
  }
}
