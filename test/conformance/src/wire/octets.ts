/** Octets as this room writes them: hexadecimal text, blanks allowed, or what is made by the functions below. */
export function bytes(hex: string): Uint8Array {
  const digits = hex.replaceAll(/\s/g, '')
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new Error(`not hexadecimal: ${hex}`)
  return Uint8Array.from(Buffer.from(digits, 'hex'))
}

export function hex(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('hex')
}

/** `c0a84d01` for 192.168.77.1, several one after the other. */
export function ip(...addresses: readonly string[]): string {
  return addresses.map((address) => hex(Uint8Array.from(address.split('.'), Number))).join('')
}

/** 192.168.77.1 for `c0a84d01`. */
export function dotted(octets: Uint8Array): string {
  return octets.join('.')
}

export function mac(text: string): string {
  return text.replaceAll(':', '')
}

export function text(value: string): string {
  return hex(new TextEncoder().encode(value))
}

export function u8(value: number): string {
  return value.toString(16).padStart(2, '0')
}

export function u16(value: number): string {
  return value.toString(16).padStart(4, '0')
}

export function u32(value: number): string {
  return value.toString(16).padStart(8, '0')
}

/** `text` of a value, without the one NUL at its end that RFC 2132 §2 lets receivers expect. */
export function textOf(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  const octets = bytes(value)
  const end = octets.at(-1) === 0 ? octets.length - 1 : octets.length
  return String.fromCharCode(...octets.subarray(0, end))
}
