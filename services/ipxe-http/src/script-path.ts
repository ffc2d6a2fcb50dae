import { parseMac, type MacAddress } from '@reboots/protocol/net'

/**
 * The machine that a script's path names: the element before the last, in any notation of a MAC
 * (`/ipxe/script/52-54-00-12-34-56/auto.ipxe`). Undefined for `/auto.ipxe` and `/ipxe/script/auto.ipxe`, which are answered by
 * source address.
 */
export function macInScriptPath(path: string): MacAddress | undefined {
  const element = path.split('/').at(-2)
  return element === undefined ? undefined : parseMac(element)
}

/** W3C trace suffix that some servers add to a file name: `undionly.kpxe-00-<32 hex>-<16 hex>-01`. */
const TRACE_SUFFIX = /-[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/i

/** The boot file a path asks for: a trace suffix and a leading MAC element are not part of its name. */
export function bootFileInPath(path: string): { readonly file: string; readonly mac: MacAddress | undefined } {
  const elements = path
    .replace(TRACE_SUFFIX, '')
    .split('/')
    .filter((element) => element !== '')
  const mac = elements.length > 1 ? parseMac(elements[0]!) : undefined
  return { file: (mac === undefined ? elements : elements.slice(1)).join('/'), mac }
}
