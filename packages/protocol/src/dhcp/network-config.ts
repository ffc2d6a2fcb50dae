import { UNSPECIFIED, type Ipv4Address, type Seconds } from '../net/index.ts'
import type { Route } from './classless-routes.ts'
import { isDomainName } from './domain-list.ts'
import type { DhcpMessage } from './message.ts'
import type { Option } from './option.ts'
import { OptionSet } from './option-set.ts'
import {
  broadcastAddress,
  classlessStaticRoute,
  domainName,
  domainNameServer,
  domainSearch,
  hostName,
  logServer,
  microsoftClasslessStaticRoute,
  ntpServers,
  router,
  subnetMask,
} from './options.ts'

/** What a client is told about the network it is on. Empty lists and texts are as good as absent. */
export interface NetworkConfig {
  readonly subnetMask: Ipv4Address
  readonly routers: readonly Ipv4Address[]
  readonly domainNameServers: readonly Ipv4Address[]
  /** INFINITE for a lease that never ends. */
  readonly leaseTime: Seconds
  readonly hostName?: string
  readonly domainName?: string
  /** What is no domain name (`isDomainName`) is left out: one bad record must not stop the server. */
  readonly domainSearch?: readonly string[]
  readonly broadcastAddress?: Ipv4Address
  readonly ntpServers?: readonly Ipv4Address[]
  readonly logServers?: readonly Ipv4Address[]
  /** Sent as option 121 and 249. A client that gets it ignores option 3, so the first router is added as default route if none is here. */
  readonly routes?: readonly Route[]
  /** Any other option by code, already encoded. Wins over the fields above; codes of the protocol itself are passed over. */
  readonly extra?: ReadonlyMap<number, Uint8Array>
}

/** What a client without option 55 gets, if it is configured: what a host needs to be on the network (RFC 2131 §4.3.1). */
const DEFAULT_PARAMETERS: Uint8Array = Uint8Array.of(1, 3, 6, 12, 15, 28)

/** Codes that `extra` cannot set: they frame the message, belong to the client, or are computed from the lease. */
export const OF_THE_PROTOCOL: ReadonlySet<number> = new Set([0, 50, 51, 52, 53, 54, 55, 57, 58, 59, 61, 82, 255])

/**
 * The configuration, to be used for many replies: its options are encoded when the first one asks for them, and kept. A copy of it with
 * other fields (`{ ...config, routers }`) is an ordinary one again.
 */
export function prepared(config: NetworkConfig): NetworkConfig {
  return Object.assign(new Encoded(), config)
}

class Encoded {
  #options: OptionSet | undefined

  optionsOf(config: NetworkConfig): OptionSet {
    return (this.#options ??= encodedOptions(config))
  }
}

/** The options of a configuration that the client listed in 55, or the default set if it has no list. */
export function configuredOptions(request: DhcpMessage, config: NetworkConfig): OptionSet {
  const listed = request.options.get(55)
  const wanted = listed === undefined || listed.length === 0 ? DEFAULT_PARAMETERS : listed
  const encoded = config instanceof Encoded ? config.optionsOf(config) : encodedOptions(config)
  const options = OptionSet.empty()
  for (let i = 0; i < encoded.size; i++) {
    const code = encoded.codeAt(i)
    if (isIn(wanted, code)) options.set(code, encoded.valueAt(i))
  }
  return options
}

/** A loop, because the call of `includes` costs more than looking at a list this short. */
function isIn(codes: Uint8Array, code: number): boolean {
  for (let i = 0; i < codes.length; i++) if (codes[i] === code) return true
  return false
}

/**
 * Values of many configurations, each once: ten thousand machines of one network have one router, and what every reply reads stays in
 * the cache of the processor.
 */
const values = new Map<string, Uint8Array>()
const MOST_VALUES = 4096

function shared(code: number, value: Uint8Array): Uint8Array {
  if (code === hostName.code || value.length > 64) return value
  const key = String.fromCharCode(...value)
  const same = values.get(key)
  if (same !== undefined) return same
  if (values.size === MOST_VALUES) values.clear()
  values.set(key, value)
  return value
}

function encodedOptions(config: NetworkConfig): OptionSet {
  const options = OptionSet.empty()
  function add<T>(which: Option<T>, value: T | undefined): void {
    if (value !== undefined) options.set(which.code, shared(which.code, which.encode(value)))
  }
  const routes = routesWithDefault(config)
  add(subnetMask, config.subnetMask)
  add(router, filled(config.routers))
  add(domainNameServer, filled(config.domainNameServers))
  add(logServer, filled(config.logServers))
  add(hostName, config.hostName || undefined)
  add(domainName, config.domainName || undefined)
  add(broadcastAddress, config.broadcastAddress)
  add(ntpServers, filled(config.ntpServers))
  add(domainSearch, filled(config.domainSearch?.filter(isDomainName)))
  add(classlessStaticRoute, routes)
  add(microsoftClasslessStaticRoute, routes)
  for (const [code, value] of config.extra ?? []) if (!OF_THE_PROTOCOL.has(code)) options.set(code, value)
  return options
}

/** RFC 3442: whoever gets option 121 ignores option 3, so the default route has to be in 121 too. */
function routesWithDefault({ routes, routers }: NetworkConfig): readonly Route[] | undefined {
  if (routes === undefined || routes.length === 0) return undefined
  const [first] = routers
  if (first === undefined || routes.some((route) => route.prefix === 0)) return routes
  return [...routes, { network: UNSPECIFIED, prefix: 0, router: first }]
}

function filled<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list
}
