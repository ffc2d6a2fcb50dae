import type { MachineFacts } from './facts.ts'
import type { InterfaceRecord, MachineRecord } from './machine-record.ts'

const NO_IPXE = { url: '', contents: '', binary: '' }
const NO_OSIE = { baseUrl: '', kernel: '', initrd: '', kernelParams: [] }

/** What rules see of a machine that has no record. */
export const UNKNOWN_MACHINE: MachineFacts = Object.freeze({
  known: false,
  id: '',
  name: '',
  arch: '',
  facility: '',
  agentId: '',
  state: '',
  labels: Object.freeze({}),
  tags: Object.freeze([]),
  metadata: Object.freeze({}),
  interface: Object.freeze({ mac: '', name: '', uefi: false, isoUrl: '', address: '', hostname: '', vlanId: '' }),
  netboot: Object.freeze({ allowPxe: false, allowWorkflow: false, ipxe: NO_IPXE, osie: NO_OSIE }),
})

/**
 * The record as rules see it, for the interface that is asking: the interface itself or its index in `record.interfaces`.
 * They cost nothing to keep: made once per record, they serve every decision.
 */
export function machineFacts(record: MachineRecord, asking: InterfaceRecord | number): MachineFacts {
  const iface = typeof asking === 'number' ? record.interfaces[asking] : asking
  return {
    known: true,
    id: record.id,
    name: record.name,
    arch: record.arch,
    facility: record.facility,
    agentId: record.agentId,
    state: record.state,
    labels: record.labels,
    tags: record.tags,
    metadata: record.metadata ?? UNKNOWN_MACHINE.metadata,
    interface: {
      mac: iface?.mac ?? '',
      name: iface?.name ?? '',
      uefi: iface?.uefi ?? false,
      isoUrl: iface?.isoUrl ?? '',
      address: iface?.dhcp?.address ?? '',
      hostname: iface?.dhcp?.hostname ?? '',
      vlanId: iface?.dhcp?.vlanId ?? '',
    },
    netboot: {
      allowPxe: iface?.netboot?.allowPxe ?? false,
      allowWorkflow: iface?.netboot?.allowWorkflow ?? false,
      ipxe: iface?.netboot?.ipxe ?? NO_IPXE,
      osie: iface?.netboot?.osie ?? NO_OSIE,
    },
  }
}
