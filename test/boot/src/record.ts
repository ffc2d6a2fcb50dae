/** What a test wants to be true of a machine; the rest of its hardware record is the same for all. */
export interface MachineRecord {
  readonly name: string
  /** Of the machine; not in its record if that has a `match`. */
  readonly mac: string
  readonly match?: unknown
  /** Reserved address; none for a machine whose site gives it one. */
  readonly address?: string
  readonly uefi: boolean
  readonly allowPxe: boolean
  readonly kernelParams: readonly string[]
}

/** Where kernel and initrd are, below the files that ipxe-http serves. */
export const KERNEL = 'vmlinuz'
export const INITRD = 'initramfs'

/** A Tinkerbell `Hardware` object (v1alpha1). `origin` is that of ipxe-http as machines see it. */
export function hardwareDocument(record: MachineRecord, origin: string): unknown {
  const ip = record.address === undefined ? {} : { ip: { address: record.address, netmask: '255.255.255.0' } }
  const mac = record.match === undefined ? { mac: record.mac } : {}
  return {
    apiVersion: 'tinkerbell.org/v1alpha1',
    kind: 'Hardware',
    metadata: { name: record.name, namespace: 'default' },
    spec: {
      metadata: { facility: { facility_code: 'lab' } },
      interfaces: [
        {
          ...(record.match !== undefined && { match: record.match }),
          dhcp: { ...mac, arch: 'x86_64', hostname: record.name, uefi: record.uefi, lease_time: 600, ...ip },
          netboot: {
            allowPXE: record.allowPxe,
            allowWorkflow: true,
            osie: { baseURL: `${origin}/files`, kernel: KERNEL, initrd: INITRD, kernelParams: record.kernelParams },
          },
        },
      ],
    },
  }
}
