import type { Ipv4Address } from '@reboots/protocol/net'
import { bindFailure } from '../listen.ts'
import type { Log } from '../log.ts'
import { groupFailure } from './group-failure.ts'
import type { UdpLink } from './links.ts'
import type { Native } from './native.ts'

/** What a socket is bound to. */
export interface Binding {
  readonly link: UdpLink
  readonly port: number
  /** Multicast groups that it hears besides. */
  readonly groups: readonly Ipv4Address[]
}

/** A socket that belongs to one interface; its descriptor. OperatorError when the port cannot be had, or a group. */
export function openSocket(native: Native, { link, port, groups }: Binding): number {
  const fd = bound(native, link, port)
  try {
    for (const group of groups) native.joinGroup(fd, link.name, group)
    return fd
  } catch (error) {
    native.close(fd)
    throw groupFailure(error, link.name)
  }
}

function bound(native: Native, link: UdpLink, port: number): number {
  try {
    return native.openSocketOn(link.name, port)
  } catch (error) {
    throw bindFailure(error, { protocol: 'udp', host: '', port, link: link.name, purpose: 'for machines to boot' })
  }
}

/** An interface that has vanished says nothing to a socket that only listens, so it has to be looked at. */
export class BoundInterface {
  readonly #native: Native
  readonly #fd: number
  readonly #binding: Binding
  readonly #log: Log
  readonly #changed: () => void
  #index: number

  /** `changed` is called when the interface has become another one, to which the socket belongs from then on. */
  constructor(native: Native, fd: number, binding: Binding, log: Log, changed: () => void) {
    this.#native = native
    this.#fd = fd
    this.#binding = binding
    this.#log = log
    this.#changed = changed
    this.#index = native.indexOf(binding.link.name)
  }

  look(): void {
    const { link, port, groups } = this.#binding
    const index = this.#native.indexOf(link.name)
    if (index === this.#index) return
    this.#index = index
    const fields = { link: link.name, port }
    if (index === 0) return this.#log.error(fields, 'the interface is gone; served again when it is back')
    try {
      this.#native.bindToDevice(this.#fd, link.name)
      // A membership belongs to the interface, and went with the old one.
      for (const group of groups) this.#native.joinGroup(this.#fd, link.name, group)
      this.#changed()
      this.#log.warn(fields, 'the interface is another one now; served again')
    } catch (error) {
      this.#log.error(
        { ...fields, err: error },
        'the interface is another one now, and cannot be served without a restart',
      )
    }
  }
}
