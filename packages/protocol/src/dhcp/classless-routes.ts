import { ByteReader, ByteWriter, DecodeError } from '../bytes/index.ts'
import { formatIpv4, maskOfPrefix, networkOf, parseIpv4, type Ipv4Address } from '../net/index.ts'
import { listWritten, type Codec } from './codec.ts'

/** One route of option 121: what lies in `network`/`prefix` is reached by `router` (0.0.0.0: it is on the link itself). */
export interface Route {
  readonly network: Ipv4Address
  /** Bits of the network, 0 to 32. */
  readonly prefix: number
  readonly router: Ipv4Address
}

/**
 * RFC 3442, classless route option: for each route the width of the mask, as many octets of the network as are
 * significant, and the router. Bits of the network behind the prefix are cleared on the way in and out.
 *
 * ```
 *    +-------+----+----+----+----+----+----+----+----+
 *    | width | network, 0 to 4   | router            |
 *    +-------+----+----+----+----+----+----+----+----+
 * ```
 *
 * RangeError when writing a prefix that is not 0 to 32.
 */
export const classlessRoutes: Codec<readonly Route[]> = {
  decode(value) {
    const reader = new ByteReader(value)
    const routes: Route[] = []
    do {
      routes.push(readRoute(reader))
    } while (reader.remaining > 0)
    return routes
  },
  encode(routes) {
    const writer = new ByteWriter(routes.length * 9)
    for (const route of routes) writeRoute(writer, route)
    return writer.finish()
  },
  format: (routes) => routes.map(formatRoute).join(', '),
  written: listWritten({ as: 'a route such as "10.0.0.0/8 via 192.0.2.1"', parse: parseRoute }),
}

function readRoute(reader: ByteReader): Route {
  const at = reader.offset
  const prefix = reader.u8()
  if (prefix > 32) throw new DecodeError('bad-option', at)
  let network = 0
  for (let i = 0; i < significantOctets(prefix); i++) network |= reader.u8() << (24 - 8 * i)
  const router = reader.u32() as Ipv4Address
  return { network: networkOf((network >>> 0) as Ipv4Address, maskOfPrefix(prefix)), prefix, router }
}

function writeRoute(writer: ByteWriter, { network, prefix, router }: Route): void {
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > 32) throw new RangeError(`${prefix} is not a prefix length`)
  const significant = networkOf(network, maskOfPrefix(prefix))
  writer.u8(prefix)
  for (let i = 0; i < significantOctets(prefix); i++) writer.u8(significant >>> (24 - 8 * i))
  writer.u32(router)
}

function significantOctets(prefix: number): number {
  return Math.ceil(prefix / 8)
}

function parseRoute(value: unknown): Route | undefined {
  const [, destination = '', bits = '', gateway = ''] = /^(\S+)\/(\d\d?) via (\S+)$/.exec(String(value)) ?? []
  const network = parseIpv4(destination)
  const router = parseIpv4(gateway)
  const prefix = Number(bits)
  return network === undefined || router === undefined || prefix > 32 ? undefined : { network, prefix, router }
}

function formatRoute({ network, prefix, router }: Route): string {
  return `${formatIpv4(network)}/${prefix} via ${formatIpv4(router)}`
}
