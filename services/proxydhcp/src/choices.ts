import type { Instant, MacAddress } from '@reboots/protocol/net'
import { Latest } from '@reboots/runtime'

/** How long somebody may look at a menu. */
const SHOWN_MS = 3_600_000
/** From the choice until iPXE has been loaded and asks: TFTP in small blocks and a slow network at worst. */
const CHOSEN_MS = 300_000
/** Once the next stage has asked: it may ask again, and after that it is another boot. */
const ASKED_MS = 60_000
/** The menu is on the screen, or it was left without asking us for anything. */
export const NOTHING_CHOSEN = 0
/** Clients that are remembered at least; a few hundred octets each. */
const REMEMBERED = 16_384

interface Choice {
  readonly menu: string
  readonly item: number
  readonly until: Instant
  /** The transaction in which others had the first word. */
  readonly left?: number
}

/**
 * What was chosen from a menu that firmware showed, for what the machine asks next: so iPXE need not show the menu again, and who chose the local
 * disk is not given something else by the firmware's next way to boot. Of this replica only; see `leftToOthers` for another one's.
 */
export class Choices {
  readonly #choices = new Latest<MacAddress, Choice>(REMEMBERED)

  /** Firmware begins anew, and is given a menu. */
  show(mac: MacAddress, menu: string, now: Instant): void {
    this.#choices.set(mac, { menu, item: NOTHING_CHOSEN, until: (now + SHOWN_MS) as Instant })
  }

  /** `item` counts the entries of the menu from 1. */
  choose(mac: MacAddress, menu: string, item: number, now: Instant): void {
    this.#choices.set(mac, { menu, item, until: (now + CHOSEN_MS) as Instant })
  }

  /**
   * Whether another replica may have been told what was chosen: the menu was shown, and what comes of it has come, but nothing was said here. Once for
   * each transaction (`xid`), so that this one answers all the same if the other is gone.
   */
  leftToOthers(mac: MacAddress, menu: string, xid: number, now: Instant): boolean {
    const choice = this.#choices.get(mac)
    if (choice?.menu !== menu || choice.item !== NOTHING_CHOSEN || now >= choice.until || choice.left === xid)
      return false
    this.#choices.set(mac, { ...choice, left: xid })
    return true
  }

  /** The item, `NOTHING_CHOSEN`, or undefined where no menu was shown. */
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
}
