import { DecodeError } from '../bytes/index.ts'
import type { Codec } from './codec.ts'
import { OptionSet, type Options } from './option-set.ts'
import { END, OVERLOAD, PAD, type DhcpMessage } from './message.ts'

/** One row of the registry of DHCP options: what RFC 2132 and its successors say about a code. */
export interface Option<T> extends Codec<T> {
  readonly code: number
  /** In the registry's words, lower case with dashes: a log field. */
  readonly name: string
  /** Where it is defined, `RFC 2132 §3.3`. */
  readonly section: string
}

/** The value of an option; undefined when it is missing or malformed (RFC 2131 §4.1 lets the rest of the message stand). */
export function option<T>(message: DhcpMessage, which: Option<T>): T | undefined {
  const value = message.options.get(which.code)
  if (value === undefined) return undefined
  try {
    return which.decode(value)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

/** A copy of the message in which the option has this value. */
export function withOption<T>(message: DhcpMessage, which: Option<T>, value: T): DhcpMessage {
  return { ...message, options: OptionSet.of(message.options).set(which.code, which.encode(value)) }
}

/** A copy of the message without the option. */
export function withoutOption(message: DhcpMessage, code: number): DhcpMessage {
  if (!message.options.has(code)) return message
  const options = OptionSet.of(message.options)
  options.delete(code)
  return { ...message, options }
}

/** A copy of the message with all of these, already encoded; framing codes (0, 52, 255) among them are passed over. */
export function withOptions(message: DhcpMessage, entries: Options): DhcpMessage {
  const options = OptionSet.of(message.options)
  for (const [code, value] of entries) {
    if (code !== PAD && code !== OVERLOAD && code !== END) options.set(code, value)
  }
  return { ...message, options }
}
