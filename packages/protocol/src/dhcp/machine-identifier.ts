import { DecodeError } from '../bytes/index.ts'
import { bytesOf, type Codec } from './codec.ts'

const LENGTH = 17
const octets = bytesOf(LENGTH, LENGTH)

/**
 * Option 97, RFC 4578 §2.3: a type octet, of which only 0 is defined, and 16 octets of UUID. Kept as the 17 octets it
 * is, because it is echoed as received; any other length or type is malformed and so never echoed.
 */
export const machineIdentifier: Codec<Uint8Array> = {
  ...octets,
  decode(value) {
    octets.decode(value)
    if (value[0] !== 0) throw new DecodeError('bad-option', 0)
    return value
  },
}
