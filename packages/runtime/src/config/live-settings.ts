import type { z } from 'zod'
import type { ServiceContext } from '../lifecycle.ts'
import { OperatorError } from '../operator-error.ts'
import { LinkWatch } from '../udp/link-watch.ts'
import type { UdpLink } from '../udp/links.ts'
import { ConfigError } from './config-error.ts'
import type { Loaded } from './load.ts'
import type { sections } from './sections.ts'

interface HasLinks {
  readonly links: z.infer<typeof sections.links>
}

type Placed<C> = Pick<Loaded<C>, 'config' | 'placeOf'>

/**
 * What a service decides by, made of its configuration and of the links it serves, and made anew when either changes: each message is decided
 * by the settings of one moment.
 */
export class LiveSettings<C extends HasLinks, T> {
  readonly #context: ServiceContext<C>
  readonly #make: (configuration: Placed<C>, links: readonly UdpLink[]) => T
  readonly #watch: LinkWatch
  #configuration: Placed<C>
  #current: T

  /** `make` throws ConfigError or OperatorError when it can do nothing with a configuration; links alone are no reason. */
  constructor(context: ServiceContext<C>, make: (configuration: Placed<C>, links: readonly UdpLink[]) => T) {
    const { config, log, metrics, placeOf } = context
    this.#context = context
    this.#make = make
    this.#watch = new LinkWatch({ choice: config.links, log, metrics })
    this.#configuration = { config, placeOf }
    this.#current = make(this.#configuration, this.#watch.links)
  }

  get current(): T {
    return this.#current
  }

  get links(): readonly UdpLink[] {
    return this.#watch.links
  }

  /** From now on `changed` is called with new settings, and with the links they are for. `live` are the keys that may change. */
  async follow(live: readonly string[], changed: (settings: T, links: readonly UdpLink[]) => void): Promise<void> {
    const adopt = (settings: T): void => {
      this.#current = settings
      changed(settings, this.#watch.links)
    }
    this.#context.follow({
      live: ['links.interfaces', 'links.wait', ...live],
      prepare: (next) => {
        const { links, take } = considered(this.#watch, next)
        const settings = this.#make(next, links)
        return () => {
          take()
          this.#configuration = next
          adopt(settings)
        }
      },
    })
    await this.#watch.follow((links) => adopt(this.#make(this.#configuration, links)))
  }

  close(): void {
    this.#watch.close()
  }
}

function considered(watch: LinkWatch, { config, placeOf }: Placed<HasLinks>): ReturnType<LinkWatch['consider']> {
  try {
    return watch.consider(config.links)
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    const place = placeOf(['links', 'interfaces'])
    throw new ConfigError([`${place} links.interfaces: ${error.message}. ${error.remedy}`.trimStart()])
  }
}
