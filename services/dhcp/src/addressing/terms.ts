import type { Pool } from '@reboots/leases'
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
  prepared,
  router,
  subnetMask,
  type NetworkConfig,
} from '@reboots/protocol/dhcp'
import type { Ipv4Address, Seconds } from '@reboots/protocol/net'
import type { BootClient } from '@reboots/protocol/pxe'

/** Where a machine is on its way: `default` is whatever runs after the boot, and clients that do not boot from the network. */
export const STAGES = ['default', 'firmware', 'ipxe'] as const
export type Stage = (typeof STAGES)[number]

/** Options by code, encoded. */
export type OptionValues = ReadonlyMap<number, Uint8Array>

/** What goes with an address for a client at one stage; made once per configuration or record, never per packet. */
export interface Terms {
  readonly config: NetworkConfig
  /** To bind the address by. */
  readonly pool: Pool
  /** TFTP server and boot file other than the usual ones; absent: the usual ones. */
  readonly nextServer?: Ipv4Address | undefined
  readonly bootFile?: string | undefined
  readonly made: Ingredients
}

/** What terms are made of, for whoever has something to put in between. */
export interface Ingredients {
  readonly stage: Stage
  /** What the record says, or what is so in the subnet: nothing overrides it. */
  readonly own: NetworkConfig
  /** Everything else. */
  readonly options: OptionValues
  readonly times: StageTimes
  /** Of the system, not of the stage. */
  readonly leaseTime: Seconds
  /** The lease time is that of a record. */
  readonly reserved: boolean
}

export type TermsByStage = Readonly<Record<Stage, Terms>>

/** Lease times of the stages before the system; absent: as for the system. */
export interface StageTimes {
  readonly firmware?: Seconds | undefined
  readonly ipxe?: Seconds | undefined
}

export function stageOf(client: BootClient | undefined): Stage {
  return client === undefined ? 'default' : client.loader
}

/** A stage may shorten a lease, never lengthen it. */
export function leaseTimeAt(stage: Stage, leaseTime: Seconds, times: StageTimes): Seconds {
  const own = stage === 'default' ? undefined : times[stage]
  return own === undefined || own > leaseTime ? leaseTime : own
}

export function byStage(termsAt: (stage: Stage) => Terms): TermsByStage {
  const ready = (stage: Stage): Terms => {
    const terms = termsAt(stage)
    return { ...terms, config: prepared(terms.config) }
  }
  return { default: ready('default'), firmware: ready('firmware'), ipxe: ready('ipxe') }
}

/** The configuration with what it does not say itself from `defaults`. Routes stay routes: the default one has to be added to them. */
export function withDefaults(config: NetworkConfig, defaults: OptionValues): NetworkConfig {
  const extra = new Map(defaults)
  for (const code of saidBy(config)) extra.delete(code)
  const routers = extra.get(router.code)
  const routes = extra.get(classlessStaticRoute.code)
  extra.delete(router.code)
  if (routes !== undefined) extra.delete(classlessStaticRoute.code)
  return {
    ...config,
    ...(routers && { routers: router.decode(routers) }),
    ...(routes && { routes: classlessStaticRoute.decode(routes) }),
    ...(extra.size > 0 && { extra }),
  }
}

function saidBy(config: NetworkConfig): number[] {
  const filled = (list: readonly unknown[] | string | undefined): boolean => list !== undefined && list.length > 0
  const said: readonly (readonly [code: number, boolean])[] = [
    [subnetMask.code, true],
    [broadcastAddress.code, config.broadcastAddress !== undefined],
    [router.code, filled(config.routers)],
    [domainNameServer.code, filled(config.domainNameServers)],
    [logServer.code, filled(config.logServers)],
    [hostName.code, filled(config.hostName)],
    [domainName.code, filled(config.domainName)],
    [domainSearch.code, filled(config.domainSearch)],
    [ntpServers.code, filled(config.ntpServers)],
    [classlessStaticRoute.code, filled(config.routes)],
    [microsoftClasslessStaticRoute.code, filled(config.routes)],
  ]
  return said.filter(([, is]) => is).map(([code]) => code)
}
