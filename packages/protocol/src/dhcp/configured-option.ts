import { fromHex, octets } from '../bytes/index.ts'
import { OF_THE_PROTOCOL } from './network-config.ts'
import { OPTIONS, optionByCode } from './registry.ts'
import type { Option } from './option.ts'

/** An option as it goes into replies, encoded. */
export interface ConfiguredOption {
  readonly code: number
  readonly value: Uint8Array
}

const BY_NAME: ReadonlyMap<string, Option<unknown>> = new Map(OPTIONS.map((row) => [row.name, row]))
/** What clients say of themselves, what extensions agree on (80, 118) and what signs a message (90): no server sends it unasked. */
const OF_THE_CLIENT: ReadonlySet<number> = new Set([77, 80, 81, 90, 93, 94, 97, 118, 145])
const NUMBER = /^\d{1,3}$/

/** Names of the registry an operator may use, for suggestions. */
export const OPTION_NAMES: readonly string[] = OPTIONS.filter(isConfigurable).map((row) => row.name)

/**
 * An option as an operator writes it: by name (`ntp-servers`) or number (`42`), the value as its row of the registry says. A number
 * without a row takes text, or octets such as "0x0a0b". A string says what is wrong, as the end of a sentence that begins with the key.
 */
export function parseOption(key: string, written: unknown): ConfiguredOption | string {
  const row = NUMBER.test(key) ? optionByCode(Number(key)) : BY_NAME.get(key)
  const code = row?.code ?? Number(key)
  if (row === undefined && !NUMBER.test(key)) return 'unknown option'
  if (code > 254 || OF_THE_PROTOCOL.has(code) || OF_THE_CLIENT.has(code)) return 'is not for the configuration to set'
  if (row === undefined) return unregistered(code, written)
  const value = row.written?.parse(written)
  if (row.written === undefined) return 'is not for the configuration to set'
  return value === undefined ? `must be ${row.written.as}` : { code, value: row.encode(value) }
}

function unregistered(code: number, written: unknown): ConfiguredOption | string {
  const problem = 'must be text, or octets such as "0x0a0b"'
  if (typeof written !== 'string' || written === '') return problem
  if (!written.startsWith('0x')) return { code, value: octets(written) }
  return /^0x([0-9a-f]{2})*$/i.test(written) ? { code, value: fromHex(written.slice(2)) } : problem
}

function isConfigurable(row: Option<unknown>): boolean {
  return row.written !== undefined && !OF_THE_PROTOCOL.has(row.code) && !OF_THE_CLIENT.has(row.code)
}
