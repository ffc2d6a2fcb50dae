import { readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { MAX_BLKSIZE } from '@reboots/protocol/tftp'

/** Octets of IP header without options, UDP header and TFTP's four; RFC 791, 8200, 768, 1350. */
const HEADERS = { ipv4: 20 + 8 + 4, ipv6: 40 + 8 + 4 } as const

/**
 * The largest block that goes out from `address` in one piece: firmware seldom puts fragments together. For "every address" the
 * smallest MTU of the machine's interfaces counts.
 */
export function unfragmentedBlksize(address: string): number {
  const headers = isIPv6(address) ? HEADERS.ipv6 : HEADERS.ipv4
  return Math.max(512, Math.min(MAX_BLKSIZE, mtuOf(address) - headers))
}

function mtuOf(address: string): number {
  const all = Object.entries(networkInterfaces())
  const own = all.filter(([, addresses]) => addresses?.some((entry) => entry.address === address))
  const others = all.filter(([, addresses]) => addresses?.some((entry) => !entry.internal))
  const mtus = (own.length > 0 ? own : others).map(([name]) => mtuOfInterface(name))
  return Math.min(...mtus, mtus.length === 0 ? 1500 : 65536)
}

/** Linux tells; elsewhere it is taken for Ethernet. */
function mtuOfInterface(name: string): number {
  try {
    return Number(readFileSync(`/sys/class/net/${name.replace(/:.*/, '')}/mtu`, 'utf8'))
  } catch {
    return 1500
  }
}
