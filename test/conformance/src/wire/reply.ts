import assert from 'node:assert/strict'
import { dotted, hex } from './octets.ts'

/** One option as it stands in a reply. */
export interface ReplyOption {
  readonly code: number
  readonly value: string
  readonly area: 'options' | 'file' | 'sname'
}

/** A server's message, taken apart by this suite's own reader. Values are hexadecimal. */
export interface Message {
  readonly octets: Uint8Array
  readonly op: number
  readonly htype: number
  readonly hlen: number
  readonly hops: number
  readonly xid: number
  readonly secs: number
  readonly flags: number
  readonly ciaddr: string
  readonly yiaddr: string
  readonly siaddr: string
  readonly giaddr: string
  /** All 16 octets. */
  readonly chaddr: string
  /** Text up to the NUL; '' where the field holds options. */
  readonly sname: string
  readonly file: string
  /** Every instance, in the order it stands there. */
  readonly instances: readonly ReplyOption[]
  /** Option 53. */
  readonly type: number | undefined
  /** The instances of one code put together (RFC 3396 §7). */
  option(code: number): string | undefined
  /** Each code once, in the order it comes first. */
  readonly codes: readonly number[]
}

const HEADER = 240
const SNAME = [44, 108] as const
const FILE = [108, 236] as const

/**
 * Reads a reply and finds fault with every departure from the layout: no cookie, an option past the end of its area, no END, anything but zeros
 * behind an END, option 52 where there is nothing to overload.
 */
export function readMessage(octets: Uint8Array): Message {
  assert.ok(octets.length >= HEADER, `a reply of ${octets.length} octets is no DHCP message`)
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
  assert.equal(hex(octets.subarray(236, 240)), '63825363', 'magic cookie')
  const inOptions = readArea(octets, HEADER, octets.length, 'options')
  const overload = Number.parseInt(inOptions.find(({ code }) => code === 52)?.value ?? '0', 16)
  assert.ok(overload <= 3, `option 52 is ${overload}`)
  const inFile = (overload & 1) === 0 ? [] : readArea(octets, ...FILE, 'file')
  const inSname = (overload & 2) === 0 ? [] : readArea(octets, ...SNAME, 'sname')
  const instances = [...inOptions, ...inFile, ...inSname]
  const option = (code: number): string | undefined => {
    const found = instances.filter((instance) => instance.code === code)
    return found.length === 0 ? undefined : found.map(({ value }) => value).join('')
  }
  const type = option(53)
  return {
    octets,
    op: octets[0]!,
    htype: octets[1]!,
    hlen: octets[2]!,
    hops: octets[3]!,
    xid: view.getUint32(4),
    secs: view.getUint16(8),
    flags: view.getUint16(10),
    ciaddr: dotted(octets.subarray(12, 16)),
    yiaddr: dotted(octets.subarray(16, 20)),
    siaddr: dotted(octets.subarray(20, 24)),
    giaddr: dotted(octets.subarray(24, 28)),
    chaddr: hex(octets.subarray(28, 44)),
    sname: inSname.length > 0 ? '' : textField(octets.subarray(...SNAME)),
    file: inFile.length > 0 ? '' : textField(octets.subarray(...FILE)),
    instances,
    type: type === undefined ? undefined : Number.parseInt(type, 16),
    option,
    codes: [...new Set(instances.map(({ code }) => code))],
  }
}

function readArea(octets: Uint8Array, from: number, to: number, area: ReplyOption['area']): ReplyOption[] {
  const options: ReplyOption[] = []
  let at = from
  for (;;) {
    assert.ok(at < to, `the area ${area} has no END`)
    const code = octets[at]!
    if (code === 255) break
    if (code === 0) {
      at++
      continue
    }
    assert.ok(at + 1 < to, `option ${code} has no length`)
    const end = at + 2 + octets[at + 1]!
    assert.ok(end <= to, `option ${code} runs past the end of its area`)
    options.push({ code, value: hex(octets.subarray(at + 2, end)), area })
    at = end
  }
  assert.match(hex(octets.subarray(at + 1, to)), /^(00)*$/, `behind the END of ${area}`)
  return options
}

function textField(octets: Uint8Array): string {
  const end = octets.indexOf(0)
  return String.fromCharCode(...octets.subarray(0, end < 0 ? octets.length : end))
}

/** Encapsulated options, as 43 and 82 hold them: code, length, value; an END ends them. */
export function readSubOptions(value: string, { end }: { readonly end: boolean }): Map<number, string> {
  const found = new Map<number, string>()
  const octet = (index: number): number => Number.parseInt(value.slice(index, index + 2), 16)
  let at = 0
  while (at < value.length) {
    if (end && octet(at) === 255) break
    const stop = at + 4 + octet(at + 2) * 2
    assert.ok(stop <= value.length, `a sub-option runs past the end of ${value}`)
    found.set(octet(at), value.slice(at + 4, stop))
    at = stop
  }
  assert.equal(value.slice(at), end ? 'ff' : '', 'behind the last sub-option')
  return found
}
