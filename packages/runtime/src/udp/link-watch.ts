import { isDeepStrictEqual } from 'node:util'
import { formatIpv4, type Ipv4Address } from '@reboots/protocol/net'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { chooseLinks, isChosen, linksNow, type FoundLinks, type LinkChoice, type MissingLink } from './link-choice.ts'
import { linkIndex, type UdpLink } from './links.ts'
import { hearRouteEvents } from './route-events.ts'

export interface LinkWatchOptions {
  readonly choice: LinkChoice
  readonly log: Log
  readonly metrics: Metrics
}

/** Changes come several at a time: an interface, its state, its address. */
const QUIET_MS = 30
/** Where the kernel tells of changes they are looked for all the same, in case that it could not. */
const LOOK_MS = { told: 5000, untold: 1000 }

/** The interfaces that are served, as they come, go, and change their addresses. */
export class LinkWatch {
  readonly #log: Log
  #changed: ((links: readonly UdpLink[]) => void) | undefined
  /** As it is in the configuration. */
  #wanted: readonly string[]
  #interfaces: readonly string[]
  #served: ReadonlyMap<string, UdpLink>
  #missing: readonly MissingLink[] = []
  #looking: NodeJS.Timeout | undefined
  #soon: NodeJS.Timeout | undefined
  #deaf: (() => void) | undefined
  #closed = false

  /** OperatorError when an interface that is named and must not be waited for is missing. */
  constructor({ choice, log, metrics }: LinkWatchOptions) {
    this.#log = log
    const found = chooseLinks(choice)
    this.#wanted = choice.interfaces
    this.#interfaces = resolved(choice.interfaces, found)
    this.#served = byName(found.links)
    this.#miss(found.missing)
    const served = metrics.gauge('reboots_links', 'Interfaces of links: served, or named and waited for', ['state'])
    metrics.onScrape(() => {
      served.set({ state: 'served' }, this.#served.size)
      served.set({ state: 'missing' }, this.#missing.length)
    })
  }

  /** Never two of one name. */
  get links(): readonly UdpLink[] {
    return [...this.#served.values()]
  }

  /** From now on `changed` hears of every change, with all links as they are then. */
  async follow(changed: (links: readonly UdpLink[]) => void): Promise<void> {
    this.#changed = changed
    const deaf = await hearRouteEvents(() => this.#lookSoon())
    if (this.#closed) return deaf?.()
    this.#deaf = deaf
    const every = deaf === undefined ? LOOK_MS.untold : LOOK_MS.told
    this.#looking = setInterval(() => this.#look(), every).unref()
    this.#look()
  }

  /**
   * What would be served if this were chosen, and how to choose it. OperatorError as at the start; interfaces that are followed already may
   * be missing.
   */
  consider(choice: LinkChoice): { readonly links: readonly UdpLink[]; readonly take: () => void } {
    const { interfaces, wait } = choice
    if (isDeepStrictEqual(interfaces, this.#wanted)) return { links: this.links, take: () => {} }
    const found = chooseLinks({ interfaces, wait }, this.#interfaces)
    const links = [...this.#kept(interfaces, found).values()]
    return {
      links,
      take: () => {
        this.#wanted = interfaces
        this.#interfaces = resolved(interfaces, found)
        this.#served = byName(links)
        this.#miss(found.missing)
      },
    }
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#looking)
    clearTimeout(this.#soon)
    this.#deaf?.()
  }

  #lookSoon(): void {
    clearTimeout(this.#soon)
    if (!this.#closed) this.#soon = setTimeout(() => this.#look(), QUIET_MS).unref()
  }

  #look(): void {
    const found = linksNow(this.#interfaces)
    const next = this.#kept(this.#interfaces, found)
    this.#miss(found.missing.filter(({ name }) => !next.has(name)))
    if (isDeepStrictEqual(next, this.#served)) return
    const before = this.#served
    this.#served = next
    this.#tell(before, next)
    this.#changed?.(this.links)
  }

  /** An interface that is down, or without an address for a while, is what it was: nothing comes from there that could be answered wrongly. */
  #kept(interfaces: readonly string[], found: FoundLinks): ReadonlyMap<string, UdpLink> {
    const links = new Map(byName(found.links))
    for (const [name, link] of this.#served) {
      const stays = isChosen(name, interfaces) && linkIndex(name) === link.index
      if (stays && !links.has(name)) links.set(name, link)
    }
    return links
  }

  #tell(before: ReadonlyMap<string, UdpLink>, next: ReadonlyMap<string, UdpLink>): void {
    for (const { name, address } of before.values())
      if (!next.has(name)) this.#log.error({ link: name, address: formatIpv4(address) }, 'the interface is gone')
    for (const { name, address } of next.values()) {
      const was = before.get(name)?.address
      if (was !== address) this.#tellAddress(name, address, was)
    }
  }

  #tellAddress(link: string, address: Ipv4Address, was: Ipv4Address | undefined): void {
    if (was === undefined) this.#log.info({ link, address: formatIpv4(address) }, 'the interface is there, and served')
    else
      this.#log.warn(
        { link, address: formatIpv4(address), before: formatIpv4(was) },
        'the interface has another address',
      )
  }

  #miss(missing: readonly MissingLink[]): void {
    const known = new Set(this.#missing.map(({ name, why }) => `${name} ${why}`))
    for (const { name, why } of missing)
      if (!known.has(`${name} ${why}`)) this.#log.warn({ link: name, why }, 'waiting for an interface')
    this.#missing = missing
  }
}

/** The interface of the default route stays the one it was at the start. */
function resolved(interfaces: readonly string[], found: FoundLinks): readonly string[] {
  return interfaces.length > 0 ? interfaces : found.links.map(({ name }) => name)
}

function byName(links: readonly UdpLink[]): ReadonlyMap<string, UdpLink> {
  return new Map(links.map((link) => [link.name, link]))
}
