/** What a capture is to see: UDP over IPv4, whole (no fragments), without a VLAN tag of its own. */
export interface Wanted {
  readonly toPort: number
  /** Octets before the IPv4 header: 14 of Ethernet, or 0 where the kernel has taken them off. */
  readonly header: 0 | 14
  /** `us`: what is sent to this host. `anybody`: also what is sent to others and reaches us. `from-here-too`: what this host sends as well. */
  readonly sentTo: 'us' | 'anybody' | 'from-here-too'
}

/** Classic BPF (net/core/filter.c): `code` is class, size and mode; offsets from here on are of the packet's own circumstances. */
const LOAD_HALF = 0x28
const LOAD_OCTET = 0x30
const LOAD_HALF_INDEXED = 0x48
/** X = four times the low half of an octet: the length of an IPv4 header. */
const LOAD_IP_LENGTH = 0xb1
const IF_EQUAL = 0x15
const IF_GREATER = 0x25
const IF_ANY_BIT = 0x45
const RETURN = 0x06
const CIRCUMSTANCES = 0xffff_f000
const PROTOCOL = CIRCUMSTANCES
const PACKET_TYPE = CIRCUMSTANCES + 4
const VLAN_TAG_PRESENT = CIRCUMSTANCES + 48

const ETHERTYPE_IPV4 = 0x0800
const UDP = 17
/** PACKET_HOST is 0, PACKET_BROADCAST 1; above are multicast, what is for other hosts, and what this one sends. */
const TO_US = 1
const MORE_FRAGMENTS_OR_OFFSET = 0x3fff
const WHOLE = 0xffff

type Step = readonly [code: number, k: number]
/** A test, and whether it lets pass or throws away what it holds for. */
type Test = readonly [load: readonly Step[], jump: Step, holds: 'passes' | 'fails']

/**
 * The filter as the kernel wants it, an array of `struct sock_filter`: whatever is not wanted is never copied, nor does it wake anybody.
 *
 *     0      2    3    4        8
 *     | code | jt | jf | k      |
 */
export function packetFilter({ toPort, header, sentTo }: Wanted): Uint8Array {
  const tests: readonly Test[] = [
    [[[LOAD_HALF, PROTOCOL]], [IF_EQUAL, ETHERTYPE_IPV4], 'passes'],
    ...(sentTo !== 'us' ? [] : [[[[LOAD_OCTET, PACKET_TYPE]], [IF_GREATER, TO_US], 'fails'] as const]),
    [[[LOAD_OCTET, VLAN_TAG_PRESENT]], [IF_EQUAL, 0], 'passes'],
    [[[LOAD_OCTET, header + 9]], [IF_EQUAL, UDP], 'passes'],
    [[[LOAD_HALF, header + 6]], [IF_ANY_BIT, MORE_FRAGMENTS_OR_OFFSET], 'fails'],
    [
      [
        [LOAD_IP_LENGTH, header],
        [LOAD_HALF_INDEXED, header + 2],
      ],
      [IF_EQUAL, toPort],
      'passes',
    ],
  ]
  const length = tests.reduce((sum, [load]) => sum + load.length + 1, 0)
  const bytes = new Uint8Array((length + 2) * 8)
  const view = new DataView(bytes.buffer)
  let at = 0
  const put = ([code, k]: Step, jumpTrue = 0, jumpFalse = 0): void => {
    view.setUint16(at * 8, code, true)
    view.setUint8(at * 8 + 2, jumpTrue)
    view.setUint8(at * 8 + 3, jumpFalse)
    view.setUint32(at * 8 + 4, k, true)
    at++
  }
  for (const [load, jump, holds] of tests) {
    for (const step of load) put(step)
    // Jumps count from the next step; the last one of all throws away.
    const away = length + 1 - (at + 1)
    put(jump, holds === 'passes' ? 0 : away, holds === 'passes' ? away : 0)
  }
  put([RETURN, WHOLE])
  put([RETURN, 0])
  return bytes
}
