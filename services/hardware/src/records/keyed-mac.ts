import { parseMac, type MacAddress } from '@reboots/protocol/net'
import type { Cursor } from './cursor.ts'
import { stationAddress } from './fields.ts'
import { quote } from './problem.ts'

/** The MAC that an entry of a map is filed under; undefined (and refused) if its key is none. */
export function keyedMac(entry: Cursor): MacAddress | undefined {
  const parsed = parseMac(String(entry.key))
  if (parsed !== undefined) return stationAddress(parsed, (message) => entry.refuse(message))
  entry.refuse(`${quote(String(entry.key))} is no MAC address; write the key as "00:00:5e:00:53:01"`)
  return undefined
}
