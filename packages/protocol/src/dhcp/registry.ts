import { DecodeError, hex } from '../bytes/index.ts'
import type { Option } from './option.ts'
import * as rows from './options.ts'

/** Every row of the registry, by ascending code. */
export const OPTIONS: readonly Option<unknown>[] = Object.values<Option<unknown>>(rows).toSorted(
  (a, b) => a.code - b.code,
)

const BY_CODE: ReadonlyMap<number, Option<unknown>> = new Map(OPTIONS.map((row) => [row.code, row]))

/** The row of a code; undefined for one that is unassigned, private or not served by anyone. */
export function optionByCode(code: number): Option<unknown> | undefined {
  return BY_CODE.get(code)
}

/**
 * One option as one line for logs and traces: `server-identifier (54): 192.168.77.1`. A code without a row is
 * `option-224 (224): 0x0102`, a value its row cannot read `server-identifier (54): malformed 0x01`.
 */
export function describeOption(code: number, value: Uint8Array): string {
  const row = BY_CODE.get(code)
  if (row === undefined) return `option-${code} (${code}): 0x${hex(value)}`
  return `${row.name} (${code}): ${formatValue(row, value)}`
}

function formatValue(row: Option<unknown>, value: Uint8Array): string {
  try {
    return row.format(row.decode(value))
  } catch (error) {
    if (error instanceof DecodeError) return `malformed 0x${hex(value)}`
    throw error
  }
}
