/**
 * Whether this key is among the first `percent` of a hundred. The same key always falls on the same place, on every machine and in every
 * version of this program: MurmurHash3 (x86, 32 bits, seed 0) of the UTF-8 text, as a part of 2^32. So whoever is in at 10 is in at 20.
 * @throws Error for an empty key, which would be one place for everybody who has none
 */
export function rollout(key: string, percent: number): boolean {
  if (key === '') throw new Error('rollout() of an empty text')
  return (murmur3(utf8(key)) / 2 ** 32) * 100 < percent
}

/** MurmurHash3_x86_32 by Austin Appleby, who put it into the public domain. */
export function murmur3(bytes: readonly number[], seed = 0): number {
  let hash = seed
  const whole = bytes.length & ~3
  for (let at = 0; at < whole; at += 4) {
    hash ^= scramble(bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24))
    hash = (Math.imul(rotate(hash, 13), 5) + 0xe6546b64) | 0
  }
  let tail = 0
  for (let at = bytes.length - 1; at >= whole; at--) tail = (tail << 8) | bytes[at]!
  hash ^= scramble(tail) ^ bytes.length
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

function scramble(word: number): number {
  return Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593)
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}

/** A surrogate without its other half becomes U+FFFD, as everywhere. */
export function utf8(text: string): number[] {
  const bytes: number[] = []
  for (const character of text.toWellFormed()) {
    const code = character.codePointAt(0)!
    if (code < 0x80) bytes.push(code)
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63))
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63))
    else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63))
  }
  return bytes
}
