import { parseMac } from '@reboots/protocol/net'

/** A MAC address, or what was meant to be one: what tells a map by MAC from other mappings. */
export function looksLikeMac(key: string): boolean {
  return parseMac(key) !== undefined || /^[0-9a-z]{1,3}(?:[:-][0-9a-z]{1,3}){3,}$/i.test(key)
}
