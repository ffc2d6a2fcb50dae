import { prepared } from '@reboots/protocol/dhcp'
import type { Ipv4Address, Seconds } from '@reboots/protocol/net'
import { leaseTimeAt, withDefaults, type OptionValues, type StageTimes, type Terms } from './terms.ts'

/** What the configuration says of a class that rules of the policy give. */
export interface ClassConfig {
  readonly options: OptionValues
  readonly leaseSeconds: StageTimes & { readonly default?: Seconds | undefined }
  readonly nextServer?: Ipv4Address | undefined
  readonly bootFile?: string | undefined
}

/** The classes of the configuration. A class is nearer to a machine than its pool and subnet, and its record is nearer still. */
export class Classes {
  readonly #classes: ReadonlyMap<string, ClassConfig>
  /** Made when first needed, and kept as long as the terms they are made of. */
  readonly #made = new WeakMap<Terms, Map<string, Terms>>()

  constructor(classes: Iterable<readonly [string, ClassConfig]> = []) {
    this.#classes = new Map(classes)
  }

  has(name: string): boolean {
    return this.#classes.has(name)
  }

  get names(): readonly string[] {
    return [...this.#classes.keys()]
  }

  /** What goes with an address for a machine of this class; as without one if there is no such class. */
  termsOf(terms: Terms, name: string): Terms {
    const own = this.#classes.get(name)
    if (own === undefined) return terms
    let made = this.#made.get(terms)
    if (made === undefined) this.#made.set(terms, (made = new Map()))
    let classed = made.get(name)
    if (classed === undefined) made.set(name, (classed = termsWith(terms, own)))
    return classed
  }
}

function termsWith(terms: Terms, { options, leaseSeconds, nextServer, bootFile }: ClassConfig): Terms {
  const { stage, own, options: below, times } = terms.made
  const leaseTime = leaseTimeAt(stage, leaseTimeOf(terms, leaseSeconds.default), {
    firmware: leaseSeconds.firmware ?? times.firmware,
    ipxe: leaseSeconds.ipxe ?? times.ipxe,
  })
  return {
    ...terms,
    config: prepared({ ...withDefaults(own, new Map([...below, ...options])), leaseTime }),
    pool: { ...terms.pool, leaseTime },
    nextServer: nextServer ?? terms.nextServer,
    bootFile: bootFile ?? terms.bootFile,
  }
}

/** A record always has a lease time, if only the usual one: the shorter counts. */
function leaseTimeOf({ made: { reserved, leaseTime } }: Terms, ofClass: Seconds | undefined): Seconds {
  if (ofClass === undefined) return leaseTime
  return reserved && leaseTime < ofClass ? leaseTime : ofClass
}
