import type { hardware } from '@reboots/api'
import { networkOf, parseIpv4, formatIpv4, prefixOfMask } from '@reboots/protocol/net'
import { compileMatch, machineFacts, type Sighting } from '@reboots/rules'
import { openMachineReplica, type Log, type MachineReplica, type Metrics } from '@reboots/runtime'
import type { KnownMachine } from '../ports.ts'

/** What Decide keeps of a machine's interface. */
export function knownMachine(machine: hardware.Machine, iface: hardware.Interface): KnownMachine {
  return { facts: machineFacts(machine, iface), subnet: subnetOf(iface.dhcp) }
}

/** The copy of the hardware records. */
export function openMachines(address: string, log: Log, metrics: Metrics): MachineReplica<KnownMachine, Sighting> {
  return openMachineReplica<KnownMachine, Sighting>({
    address,
    prepare: knownMachine,
    compile: (when) => compileMatch(when).test,
    log,
    metrics,
  })
}

function subnetOf(dhcp: hardware.Dhcp | undefined): string {
  const address = parseIpv4(dhcp?.address ?? '')
  const mask = parseIpv4(dhcp?.netmask ?? '')
  const prefix = mask === undefined ? undefined : prefixOfMask(mask)
  if (address === undefined || mask === undefined || prefix === undefined) return ''
  return `${formatIpv4(networkOf(address, mask))}/${prefix}`
}
