import { hex } from '../bytes/index.ts'
import type { Ipv4Address } from '../net/index.ts'
import { ipv4, type Codec } from './codec.ts'
import type { DhcpMessage } from './message.ts'

/** Sub-options of option 82: number, name, where each is defined. */
const RELAY_SUB_OPTIONS = [
  { code: 1, name: 'circuit-id', section: 'RFC 3046 §3.1' },
  { code: 2, name: 'remote-id', section: 'RFC 3046 §3.2' },
  { code: 4, name: 'docsis-device-class', section: 'RFC 3256' },
  { code: 5, name: 'link-selection', section: 'RFC 3527' },
  { code: 6, name: 'subscriber-id', section: 'RFC 3993' },
  { code: 7, name: 'radius-attributes', section: 'RFC 4014' },
  { code: 8, name: 'authentication', section: 'RFC 4030' },
  { code: 9, name: 'vendor-specific', section: 'RFC 4243' },
  { code: 10, name: 'flags', section: 'RFC 5010' },
  { code: 11, name: 'server-identifier-override', section: 'RFC 5107' },
  { code: 12, name: 'relay-agent-identifier', section: 'RFC 6925' },
  { code: 19, name: 'relay-source-port', section: 'RFC 8357' },
  { code: 151, name: 'virtual-subnet-selection', section: 'RFC 6607' },
  { code: 152, name: 'virtual-subnet-selection-control', section: 'RFC 6607' },
] as const

const VIRTUAL_SUBNET_SELECTION = 151

const NAMES: ReadonlyMap<number, string> = new Map(RELAY_SUB_OPTIONS.map((row) => [row.code, row.name]))

/** What a relay agent said about the place the message came from (option 82). */
export interface RelayAgent {
  readonly circuitId?: Uint8Array
  readonly remoteId?: Uint8Array
  readonly subscriberId?: Uint8Array
  /** RFC 3527: the subnet the client is on, when giaddr is not in it. */
  readonly linkSelection?: Ipv4Address
  /** RFC 5107: what the client is to take for our address. */
  readonly serverIdOverride?: Ipv4Address
  /** RFC 8357: the reply goes to the port the relay sent from. */
  readonly relaySourcePort?: boolean
  /** RFC 5010: bit 0x80 set when the client's message reached the relay by unicast. */
  readonly flags?: number
  /** Every sub-option by its code, the first of each. */
  readonly subOptions: ReadonlyMap<number, Uint8Array>
  /** The whole value, as it is echoed. */
  readonly raw: Uint8Array
}

/**
 * Option 82 taken apart (RFC 3046 §2.0), undefined if the message carries none.
 *
 * ```
 *    +-----+-----+----------------+-----+-----+----------------+
 *    | sub |  n  | n octets       | sub |  n  | n octets       | …
 *    +-----+-----+----------------+-----+-----+----------------+
 * ```
 *
 * Never fails: reading stops at a sub-option that runs past the end, and one whose value has the wrong length is only
 * in `subOptions`. `raw` has everything, whatever shape it is in.
 */
export function relayAgent(message: DhcpMessage): RelayAgent | undefined {
  const raw = message.options.get(82)
  if (raw === undefined) return undefined
  if (raw !== latest?.raw) latest = takenApart(raw)
  return latest
}

/** Several stations of a message's way ask for it: the last answer is kept. */
let latest: RelayAgent | undefined

function takenApart(raw: Uint8Array): RelayAgent {
  const subOptions = subOptionsOf(raw)
  const circuitId = subOptions.get(1)
  const remoteId = subOptions.get(2)
  const subscriberId = subOptions.get(6)
  const linkSelection = addressIn(subOptions.get(5))
  const serverIdOverride = addressIn(subOptions.get(11))
  const flags = subOptions.get(10)
  return {
    ...(circuitId && { circuitId }),
    ...(remoteId && { remoteId }),
    ...(subscriberId && { subscriberId }),
    ...(linkSelection !== undefined && { linkSelection }),
    ...(serverIdOverride !== undefined && { serverIdOverride }),
    ...(subOptions.has(19) && { relaySourcePort: true }),
    ...(flags?.length === 1 && { flags: flags[0]! }),
    subOptions,
    raw,
  }
}

/**
 * The value of option 82 as a reply carries it: octet for octet (RFC 3046 §2.2), with one exception. Sub-option 151
 * (RFC 6607) is left out: to send it back means "I chose the address from that virtual network", which no server here does.
 */
export function echoedRelayAgent(raw: Uint8Array): Uint8Array {
  if (!raw.includes(VIRTUAL_SUBNET_SELECTION)) return raw
  const kept = new Uint8Array(raw.length)
  let length = 0
  let at = 0
  while (at < raw.length) {
    // What is left behind the last whole sub-option is echoed as it is.
    const end = at + 2 <= raw.length ? Math.min(at + 2 + raw[at + 1]!, raw.length) : raw.length
    if (raw[at] !== VIRTUAL_SUBNET_SELECTION) {
      kept.set(raw.subarray(at, end), length)
      length += end - at
    }
    at = end
  }
  return length === raw.length ? raw : kept.subarray(0, length)
}

/** Option 82 as octets, printed sub-option by sub-option. */
export const relayAgentValue: Codec<Uint8Array> = {
  decode: (value) => value,
  encode: (value) => value,
  format: (value) =>
    Array.from(subOptionsOf(value), ([code, bytes]) => `${NAMES.get(code) ?? code}=0x${hex(bytes)}`).join(' '),
}

function subOptionsOf(raw: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const subOptions = new Map<number, Uint8Array>()
  let at = 0
  while (at + 2 <= raw.length && at + 2 + raw[at + 1]! <= raw.length) {
    const end = at + 2 + raw[at + 1]!
    const code = raw[at]!
    if (!subOptions.has(code)) subOptions.set(code, raw.subarray(at + 2, end))
    at = end
  }
  return subOptions
}

function addressIn(value: Uint8Array | undefined): Ipv4Address | undefined {
  return value?.length === 4 ? ipv4.decode(value) : undefined
}
