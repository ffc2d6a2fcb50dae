import assert from 'node:assert/strict'
import { requireTools } from '@reboots/testkit'
import { MACHINE_COMMANDS, MACHINE_FILES } from './machine.ts'
import { OPERATOR_ARGUMENT } from './network.ts'
import type { MachineRecord } from './record.ts'

/** What every boot here takes; `test(name, { skip: LAB_MISSING }, …)`. */
export const LAB_MISSING = requireTools({
  root: true,
  commands: [...MACHINE_COMMANDS, 'ip', 'tcpdump', 'dnsmasq', 'kea-dhcp4', 'dhcrelay', 'curl', 'busybox', 'udhcpc'],
  files: [...MACHINE_FILES.bios, ...MACHINE_FILES.uefi, '/usr/lib/ipxe/ipxe.efi', '/usr/lib/ipxe/undionly.kpxe'],
})

export const MAC = '52:54:00:88:00:01'
/** The address that our own DHCP server reserves for the machine. */
export const RESERVED = '192.168.88.77'
export const SCRIPT = `GET /ipxe/script/${MAC}/auto.ipxe`
/** What iPXE fetches, whatever loaded it. */
export const SCRIPT_AND_KERNEL = [SCRIPT, 'GET /files/vmlinuz', 'GET /files/initramfs']

/** The record of the machine; each row writes something of its own into the kernel's arguments. */
export function recordOf(row: string, changes: Partial<MachineRecord> = {}): MachineRecord {
  const kernelParams = [`lab.row=${row}`, 'lab.record=yes']
  return { name: `machine-${row}`, mac: MAC, uefi: false, allowPxe: true, kernelParams, ...changes }
}

/** The kernel's arguments are those of the boot policy, then the operator's, then the record's. */
export function assertArguments(commandLine: string, record: MachineRecord): void {
  const args = commandLine.split(' ')
  const policy = ['facility=lab', 'tinkerbell_tls=false', `worker_id=${record.mac}`, `hw_addr=${record.mac}`]
  const expected = [...policy, 'initrd=initramfs', OPERATOR_ARGUMENT, ...record.kernelParams]
  const found = args.filter((argument) => expected.includes(argument))
  // iPXE itself adds a second initrd= in front under BIOS.
  assert.deepEqual([...new Set(found)].toSorted(), expected.toSorted(), commandLine)
  assert.deepEqual(args.slice(-record.kernelParams.length - 1), [OPERATOR_ARGUMENT, ...record.kernelParams])
}
