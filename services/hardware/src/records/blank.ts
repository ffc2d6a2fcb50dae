import type { hardware } from '@reboots/api'
import { DEFAULT_LEASE_SECONDS } from './fields.ts'

/** An interface with everything that is always present, and nothing allowed. */
export function blankInterface(mac: string): hardware.Interface & { dhcp: hardware.Dhcp; netboot: hardware.Netboot } {
  return { mac, name: '', uefi: false, isoUrl: '', dhcp: blankDhcp(), netboot: blankNetboot(), match: undefined }
}

export function blankDhcp(): hardware.Dhcp {
  return {
    disabled: false,
    address: '',
    netmask: '',
    gateway: '',
    hostname: '',
    domainName: '',
    domainSearch: [],
    leaseSeconds: DEFAULT_LEASE_SECONDS,
    nameServers: [],
    timeServers: [],
    vlanId: '',
    routes: [],
    tftpServerName: '',
    bootFileName: '',
  }
}

export function blankNetboot(): hardware.Netboot {
  return {
    allowPxe: false,
    allowWorkflow: false,
    pxelinuxConfig: '',
    ipxe: { url: '', contents: '', binary: '' },
    osie: { baseUrl: '', kernel: '', initrd: '', kernelParams: [] },
    rpi: { serialNumber: '', firmwarePath: '', configTxt: '' },
  }
}
