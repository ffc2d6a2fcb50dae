import { macOf, type DhcpMessage } from '@reboots/protocol/dhcp'

/** Whether a message is of a machine on a list of hardware addresses and of the makers of such (`52:54:00`). */
export function macList(macs: readonly string[], ouis: readonly string[]): (message: DhcpMessage) => boolean {
  const listed: ReadonlySet<string> = new Set(macs)
  const makers: ReadonlySet<string> = new Set(ouis)
  return (message) => {
    const mac = macOf(message)
    return listed.has(mac) || makers.has(mac.slice(0, 8))
  }
}
