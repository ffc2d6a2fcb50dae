/** Where the fields of a message are (RFC 2131 §2), for those who write them without any care. */
export const AT = {
  op: 0,
  htype: 1,
  hlen: 2,
  hops: 3,
  xid: 4,
  secs: 8,
  flags: 10,
  ciaddr: 12,
  yiaddr: 16,
  siaddr: 20,
  giaddr: 24,
  chaddr: 28,
  sname: 44,
  file: 108,
  cookie: 236,
  options: 240,
} as const

/** One option of a message as it stands there: code, length, value. */
export interface Place {
  readonly code: number
  readonly at: number
  /** The first octet behind it. */
  readonly end: number
}

/** The options of a message up to its END, or to where they make no sense any more; pads are left out. */
export function placesIn(bytes: Uint8Array): Place[] {
  const places: Place[] = []
  for (let at: number = AT.options; at + 1 < bytes.length && bytes[at] !== 255;) {
    if (bytes[at] === 0) {
      at++
      continue
    }
    const end = at + 2 + bytes[at + 1]!
    if (end > bytes.length) break
    places.push({ code: bytes[at]!, at, end })
    at = end
  }
  return places
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** The octets with those from `at` to `end` replaced. */
export function spliced(bytes: Uint8Array, at: number, end: number, instead: Uint8Array): Uint8Array {
  return join(bytes.subarray(0, at), instead, bytes.subarray(end))
}

/** An option that says how long it is; `length` to say something else. */
export function optionOctets(code: number, value: Uint8Array, length = value.length): Uint8Array {
  return join(Uint8Array.of(code, length & 255), value)
}

export function address(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

export function setAddress(bytes: Uint8Array, at: number, address: number): void {
  bytes[at] = address >>> 24
  bytes[at + 1] = address >>> 16
  bytes[at + 2] = address >>> 8
  bytes[at + 3] = address
}

export function addressOctets(address: number): Uint8Array {
  const octets = new Uint8Array(4)
  setAddress(octets, 0, address)
  return octets
}
