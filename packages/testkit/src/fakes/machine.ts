import type { hardware } from '@reboots/api'

/** A machine with one interface, in the words of the record; whatever is left out has a sensible value. */
export interface MachineSpec extends InterfaceSpec, Partial<Omit<hardware.Machine, 'interfaces'>> {
  /** Interfaces after the first. */
  readonly otherInterfaces?: readonly InterfaceSpec[]
}

export interface InterfaceSpec {
  readonly mac: string
  /** Dotted quad, short for `dhcp.address`. */
  readonly address?: string
  readonly interfaceName?: string
  readonly uefi?: boolean
  readonly isoUrl?: string
  readonly match?: Partial<hardware.Match>
  readonly dhcp?: Partial<hardware.Dhcp>
  readonly netboot?: Partial<Omit<hardware.Netboot, 'ipxe' | 'osie' | 'rpi'>> & {
    readonly ipxe?: Partial<hardware.Ipxe>
    readonly osie?: Partial<hardware.Osie>
    readonly rpi?: Partial<hardware.RaspberryPi>
  }
}

/**
 * A complete Machine as the hardware service would stream it: x86_64, one interface, netboot and workflow allowed, a lease
 * of a day, a /24. The id is the MAC unless one is given. The MAC is taken as it is: write it in canonical form.
 */
export function machine(spec: MachineSpec): hardware.Machine {
  return {
    id: spec.id ?? spec.mac,
    name: spec.name ?? '',
    arch: spec.arch ?? 'x86_64',
    facility: spec.facility ?? '',
    agentId: spec.agentId ?? '',
    state: spec.state ?? '',
    labels: spec.labels ?? {},
    tags: spec.tags ?? [],
    metadata: spec.metadata ?? {},
    interfaces: [spec, ...(spec.otherInterfaces ?? [])].map(machineInterface),
    origin: spec.origin ?? 'test',
  }
}

/** A complete Interface, with the defaults of `machine`. */
export function machineInterface(spec: InterfaceSpec): hardware.Interface {
  return {
    mac: spec.mac,
    name: spec.interfaceName ?? '',
    uefi: spec.uefi ?? true,
    isoUrl: spec.isoUrl ?? '',
    match: spec.match && { clientIds: [], circuitId: '', remoteId: '', uuid: '', when: '', ...spec.match },
    dhcp: dhcpOf(spec),
    netboot: {
      allowPxe: true,
      allowWorkflow: true,
      pxelinuxConfig: '',
      ...spec.netboot,
      ipxe: { url: '', contents: '', binary: '', ...spec.netboot?.ipxe },
      osie: { baseUrl: '', kernel: '', initrd: '', kernelParams: [], ...spec.netboot?.osie },
      rpi: { serialNumber: '', firmwarePath: '', configTxt: '', ...spec.netboot?.rpi },
    },
  }
}

function dhcpOf(spec: InterfaceSpec): hardware.Dhcp {
  const address = spec.address ?? ''
  return {
    disabled: false,
    address,
    netmask: address === '' ? '' : '255.255.255.0',
    gateway: '',
    hostname: '',
    domainName: '',
    domainSearch: [],
    leaseSeconds: 86_400,
    nameServers: [],
    timeServers: [],
    vlanId: '',
    routes: [],
    tftpServerName: '',
    bootFileName: '',
    ...spec.dhcp,
  }
}
