import assert from 'node:assert/strict'
import { bytes, dotted, textOf } from './wire/octets.ts'
import { readSubOptions, type Message } from './wire/reply.ts'

/** What option 43 of a PXE reply says. */
export interface BootMenu {
  /** 6: 1 no broadcast, 2 no multicast, 4 only these servers, 8 take `file`. */
  readonly control: number | undefined
  /** 7: where to ask by multicast. */
  readonly group: string | undefined
  /** 8: servers by type. */
  readonly servers: ReadonlyMap<number, readonly string[]>
  /** 9. */
  readonly items: readonly { readonly type: number; readonly text: string }[]
  /** 10. */
  readonly prompt: { readonly seconds: number; readonly text: string } | undefined
}

/**
 * Option 43 as PXE 2.1 §2.4 has it, every length checked.
 *
 * ```
 *    8:  type 2 | n 1 | n × IPv4 4 | …      9:  type 2 | length 1 | text | …      10:  seconds 1 | text
 * ```
 */
export function menuOf(message: Message): BootMenu {
  const value = message.option(43)
  assert.ok(value !== undefined, 'option 43 is there')
  const options = readSubOptions(value, { end: true })
  const control = options.get(6)
  assert.ok(control === undefined || control.length === 2, `sub-option 6 is ${control}`)
  const multicast = options.get(7)
  assert.ok(multicast === undefined || multicast.length === 8, `sub-option 7 is ${multicast}`)
  const prompt = options.get(10)
  return {
    control: control === undefined ? undefined : Number.parseInt(control, 16),
    group: multicast === undefined ? undefined : dotted(bytes(multicast)),
    servers: new Map(entries(options.get(8) ?? '', 4).map(({ type, octets }) => [type, addressesIn(octets)])),
    items: entries(options.get(9) ?? '', 1).map(({ type, octets }) => ({ type, text: String.fromCharCode(...octets) })),
    prompt:
      prompt === undefined
        ? undefined
        : { seconds: Number.parseInt(prompt.slice(0, 2), 16), text: textOf(prompt.slice(2))! },
  }
}

/** Type, count, and as many pieces of `width` octets. */
function entries(value: string, width: number): { readonly type: number; readonly octets: Uint8Array }[] {
  const octets = bytes(value)
  const found = []
  let at = 0
  while (at < octets.length) {
    assert.ok(at + 3 <= octets.length, 'an entry is cut')
    const end = at + 3 + octets[at + 2]! * width
    assert.ok(end <= octets.length, 'an entry runs past the end')
    found.push({ type: (octets[at]! << 8) | octets[at + 1]!, octets: octets.subarray(at + 3, end) })
    at = end
  }
  return found
}

function addressesIn(octets: Uint8Array): string[] {
  return Array.from({ length: octets.length / 4 }, (_, i) => dotted(octets.subarray(i * 4, i * 4 + 4)))
}
