import type { hardware } from '@reboots/api'
import { networkOf, parseIpv4, formatIpv4, prefixOfMask } from '@reboots/protocol/net'
import { machineFacts } from '@reboots/rules'
import type { KnownMachine } from '../ports.ts'

/** What Decide keeps of a machine's interface. */
export function knownMachine(machine: hardware.Machine, iface: hardware.Interface): KnownMachine {
  return { facts: machineFacts(machine, iface), subnet: subnetOf(iface.dhcp) }
}

function subnetOf(dhcp: hardware.Dhcp | undefined): string {
  const address = parseIpv4(dhcp?.address ?? '')
  const mask = parseIpv4(dhcp?.netmask ?? '')
  const prefix = mask === undefined ? undefined : prefixOfMask(mask)
  if (address === undefined || mask === undefined || prefix === undefined) return ''
  return `${formatIpv4(networkOf(address, mask))}/${prefix}`
}
