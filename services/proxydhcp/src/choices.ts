import type { Instant, MacAddress } from '@reboots/protocol/net'

/** From the choice until iPXE has been loaded and asks: TFTP in small blocks and a slow network at worst. */
const KEPT_MS = 300_000
/** Once iPXE has asked: it may ask again, and after that it is another boot. */
const ASKED_MS = 60_000
/** A few hundred octets each. */
const MOST = 8192

interface Choice {
  readonly menu: string
  readonly item: number
  readonly until: Instant
}

/**
 * What was chosen from a menu that firmware showed, until the iPXE that it then loads asks for its script: so nobody is asked twice. Only a
 * convenience, and of this replica: who is not remembered is shown the menu by iPXE.
 */
export class Choices {
  readonly #choices = new Map<MacAddress, Choice>()

  /** `item` counts the entries of the menu from 1. */
  remember(mac: MacAddress, menu: string, item: number, now: Instant): void {
    this.#choices.delete(mac)
    if (this.#choices.size >= MOST) this.#forgetOldest()
    this.#choices.set(mac, { menu, item, until: (now + KEPT_MS) as Instant })
  }

  of(mac: MacAddress, menu: string, now: Instant): number | undefined {
    const choice = this.#choices.get(mac)
    if (choice === undefined || choice.menu !== menu || now >= choice.until) return undefined
    const until = Math.min(choice.until, now + ASKED_MS) as Instant
    this.#choices.set(mac, { ...choice, until })
    return choice.item
  }

  forget(mac: MacAddress): void {
    this.#choices.delete(mac)
  }

  #forgetOldest(): void {
    for (const mac of this.#choices.keys()) {
      this.#choices.delete(mac)
      return
    }
  }
}
