import type { Ipv4Address } from '@reboots/protocol/net'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { OperatorError } from '../operator-error.ts'
import { openUdpDoor, type DoorWay, type UdpDoor, type UdpDoorOptions } from '../udp/door.ts'
import type { UdpLink } from '../udp/links.ts'
import type { DhcpAnswer, DhcpOutcome } from './answer.ts'

/** The link a door is on, as it is now. */
export interface AtLink {
  readonly link: UdpLink
}

export type Send = (answer: DhcpAnswer<DhcpOutcome>) => void

/** What is done with the batches of one door. */
export type Reader = (at: AtLink, send: Send) => UdpDoorOptions['onBatch']

export interface LinkDoorsOptions {
  /** The ports to open on each link, and who reads there. */
  readonly wanted: readonly (readonly [port: number, reader: Reader])[]
  /** Multicast groups that a port hears besides. */
  readonly groups?: ReadonlyMap<number, readonly Ipv4Address[]> | undefined
  readonly open?: ((options: UdpDoorOptions) => Promise<UdpDoor>) | undefined
  readonly ioThread?: UdpDoorOptions['ioThread']
  /** Ports that are not bound. */
  readonly ways?: ReadonlyMap<number, DoorWay> | undefined
  readonly log: Log
  readonly metrics: Metrics
}

/** A door that cannot be opened on a new link is tried again after this time. */
const RETRY_MS = 5000

/** What is open on one link. */
interface Place {
  at: { link: UdpLink }
  doors: readonly UdpDoor[]
  /** Not wanted any more. */
  gone: boolean
}

/** The doors of a service, the same ports on each link; links may come, go and change while it runs. */
export class LinkDoors {
  readonly #options: LinkDoorsOptions
  readonly #places = new Map<string, Place>()
  readonly #closing = new Set<Promise<unknown>>()
  #links: readonly UdpLink[] = []
  #retry: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: LinkDoorsOptions) {
    this.#options = options
  }

  get open(): readonly UdpDoor[] {
    return [...this.#places.values()].flatMap(({ doors }) => doors)
  }

  /** The first links. OperatorError when a port cannot be had; then none stays open. */
  async begin(links: readonly UdpLink[]): Promise<void> {
    try {
      for (const link of links) await this.#enter(link)
    } catch (error) {
      await this.close()
      throw error
    }
  }

  /**
   * These are the links from now on: at once for those that are open, whose messages see the link as it is here; others are opened as soon as
   * that can be done.
   */
  serve(links: readonly UdpLink[]): void {
    this.#links = links
    const wanted = new Map(links.map((link) => [link.name, link]))
    for (const [name, place] of this.#places) {
      const link = wanted.get(name)
      const moved = link !== undefined && link.address !== place.at.link.address && place.doors.some(isBoundToAddress)
      if (link === undefined || moved) this.#leave(name, place)
      else place.at.link = link
    }
    for (const link of links) if (!this.#places.has(link.name)) void this.#tryToEnter(link)
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#retry)
    for (const [name, place] of this.#places) this.#leave(name, place)
    await Promise.all(this.#closing)
  }

  async #tryToEnter(link: UdpLink): Promise<void> {
    // What a link of this name had open before may be in the way.
    await Promise.all(this.#closing)
    if (this.#closed || this.#places.has(link.name) || !this.#links.includes(link)) return
    try {
      await this.#enter(link)
      this.#options.log.info({ link: link.name }, 'the link is served')
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error
      const { message, remedy } = error
      this.#options.log.error({ link: link.name, why: message, remedy }, 'the link cannot be served, trying again')
      clearTimeout(this.#retry)
      if (!this.#closed) this.#retry = setTimeout(() => this.serve(this.#links), RETRY_MS).unref()
    }
  }

  async #enter(link: UdpLink): Promise<void> {
    const place: Place = { at: { link }, doors: [], gone: false }
    this.#places.set(link.name, place)
    try {
      for (const [port, reader] of this.#options.wanted) {
        const door = await this.#openDoor(place, port, reader)
        if (place.gone) return door.close()
        place.doors = [...place.doors, door]
      }
    } catch (error) {
      this.#leave(link.name, place)
      throw error
    }
  }

  async #openDoor(place: Place, port: number, reader: Reader): Promise<UdpDoor> {
    const { open = openUdpDoor, groups, ioThread, ways, log, metrics } = this.#options
    const send: Send = (answer) => {
      if (answer.send) door.send(answer.send.bytes, answer.send.to)
    }
    const onBatch = reader(place.at, send)
    const heard = { port, groups: groups?.get(port) ?? [], way: ways?.get(port) }
    const door = closable(await open({ link: place.at.link, ...heard, log, metrics, ioThread, onBatch }))
    return door
  }

  #leave(name: string, place: Place): void {
    place.gone = true
    if (this.#places.get(name) === place) this.#places.delete(name)
    const closing = Promise.all(place.doors.map((door) => door.close()))
    this.#closing.add(closing)
    void closing.then(() => this.#closing.delete(closing))
  }
}

function isBoundToAddress(door: UdpDoor): boolean {
  return door.boundTo === 'address'
}

/** A reply that a store holds up may come after the end: it has nowhere to go. */
function closable(door: UdpDoor): UdpDoor {
  let closed = false
  return {
    ...door,
    send(bytes, to) {
      if (!closed) door.send(bytes, to)
    },
    close() {
      closed = true
      return door.close()
    },
  }
}
