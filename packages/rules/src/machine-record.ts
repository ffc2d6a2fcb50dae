/**
 * The hardware record as this room needs it. Structurally the `Machine` of reboots.hardware.v1, so that services hand in the
 * message they hold; this room imports no API.
 */
export interface MachineRecord {
  readonly id: string
  readonly name: string
  readonly arch: string
  readonly facility: string
  readonly agentId: string
  readonly state: string
  readonly labels: Readonly<Record<string, string>>
  readonly tags: readonly string[]
  readonly metadata: Readonly<Record<string, unknown>> | undefined
  readonly interfaces: readonly InterfaceRecord[]
}

export interface InterfaceRecord {
  readonly mac: string
  readonly name: string
  readonly uefi: boolean
  readonly isoUrl: string
  readonly dhcp: { readonly address: string; readonly hostname: string; readonly vlanId: string } | undefined
  readonly netboot:
    | {
        readonly allowPxe: boolean
        readonly allowWorkflow: boolean
        readonly ipxe: { readonly url: string; readonly contents: string; readonly binary: string } | undefined
        readonly osie:
          | {
              readonly baseUrl: string
              readonly kernel: string
              readonly initrd: string
              readonly kernelParams: readonly string[]
            }
          | undefined
      }
    | undefined
}
