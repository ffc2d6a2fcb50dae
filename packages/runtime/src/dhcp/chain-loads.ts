import type { Instant, MacAddress } from '@reboots/protocol/net'
import { lacksHttp, type BootClient } from '@reboots/protocol/pxe'
import { Latest } from '../latest.ts'

/** From the answer until what was loaded has asked: TFTP in small blocks and a slow network at worst. */
const LOADED_MS = 300_000
/** How often one and the same build is sent to load another within that time: its DHCP may have failed for reasons of its own. */
const MOST_TIMES = 3
/** Cards that are remembered at least; some hundred octets each. */
const REMEMBERED = 4096

interface ChainLoad {
  readonly build: string
  readonly xid: number
  readonly times: number
  readonly until: Instant
}

/**
 * Which iPXE builds without HTTP have been sent to load another one: once is enough. When a different build comes from the same card soon after,
 * it is the one that was loaded, and if that has no HTTP either, yet another round would end the same way. It gets its URL then, says on the screen that
 * it cannot load it, and leaves the machine to its next boot device. The same holds for a build that comes again and again.
 */
export class ChainLoads {
  readonly #loads = new Latest<MacAddress, ChainLoad>(REMEMBERED)

  /** The client as it is to be answered: itself, or as one that says nothing of what it can. `xid` is that of its message. */
  settled(client: BootClient, xid: number, now: Instant): BootClient {
    if (!lacksHttp(client) || this.#mayLoad(client, xid, now)) return client
    const { ipxe: _said, ...rest } = client
    return rest
  }

  #mayLoad(client: BootClient, xid: number, now: Instant): boolean {
    const build = buildOf(client)
    const last = this.#loads.get(client.mac)
    const until = (now + LOADED_MS) as Instant
    if (last === undefined || now >= last.until) {
      this.#loads.set(client.mac, { build, xid, times: 1, until })
      return true
    }
    if (last.build !== build) return false
    // Sent again, or the REQUEST behind the DISCOVER.
    if (last.xid === xid) return last.times <= MOST_TIMES
    const times = Math.min(last.times + 1, MOST_TIMES + 1)
    this.#loads.set(client.mac, { build, xid, times, until: times > MOST_TIMES ? last.until : until })
    return times <= MOST_TIMES
  }
}

function buildOf({ firmware, ipxe }: BootClient): string {
  return [firmware, ipxe?.version, ipxe?.busId, ...(ipxe?.features.toSorted() ?? [])].join(' ')
}
