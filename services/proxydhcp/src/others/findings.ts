import { UNSPECIFIED } from '@reboots/protocol/net'
import type { ServerKind, ServerReply } from './server-reply.ts'

/** What another server does that keeps machines from booting by this proxy. */
export type FindingName = 'pxe-class' | 'http-class' | 'boot-file' | 'other-proxy'

export interface Finding {
  readonly name: FindingName
  /** What it does and what comes of it, to be read after "server 192.0.2.1". */
  readonly says: string
  /** What is to be changed there. */
  readonly remedy: string
}

interface Row {
  readonly name: FindingName
  holds(reply: ServerReply): boolean
  says(reply: ServerReply): string
  readonly remedies: Readonly<Record<ServerKind | 'any', string>>
}

const gives = ({ yiaddr }: ServerReply): boolean => yiaddr !== UNSPECIFIED
const isPxe = ({ vendorClass }: ServerReply): boolean => vendorClass.startsWith('PXEClient')
const isHttp = ({ vendorClass }: ServerReply): boolean => vendorClass.startsWith('HTTPClient')

const ANY_CLASS =
  'remove option 60 from what it sends (ISC dhcpd: option vendor-class-identifier; MikroTik, OPNsense and others: the DHCP option with code 60)'

/** A row for each thing that can be found. What firmware makes of it is tried with OVMF and iPXE. */
const ROWS: readonly Row[] = [
  {
    name: 'pxe-class',
    holds: (reply) => gives(reply) && isPxe(reply),
    says: () =>
      'sends option 60 PXEClient together with addresses: firmware takes it for its boot server, asks it on port 4011, and will not ask the proxy',
    remedies: {
      dnsmasq: 'remove dhcp-option=60,… (or option:vendor-class), pxe-service and pxe-prompt from dnsmasq',
      Kea: 'remove vendor-class-identifier (code 60) from option-data of Kea',
      Windows: 'remove option 060 PXEClient from the server and scope options of Windows',
      any: ANY_CLASS,
    },
  },
  {
    name: 'http-class',
    holds: (reply) => gives(reply) && isHttp(reply),
    says: ({ file }) =>
      `sends option 60 HTTPClient${file === '' ? '' : ` and the URL ${file}`} together with addresses: UEFI HTTP boot takes its URL, and not that of the proxy`,
    remedies: {
      dnsmasq: 'remove dhcp-option=60,… (or option:vendor-class) and the URL from dnsmasq',
      Kea: 'remove vendor-class-identifier (code 60) and boot-file-name from Kea',
      Windows: 'remove options 060 and 067 from the server and scope options of Windows',
      any: ANY_CLASS,
    },
  },
  {
    name: 'boot-file',
    holds: (reply) => gives(reply) && reply.file !== '' && !isHttp(reply),
    says: ({ file }) =>
      `sends a boot file (${file}): for U-Boot this one will win over the proxy, because it comes with the address; iPXE takes that of the proxy, for its priority (option 175)`,
    remedies: {
      dnsmasq: 'remove dhcp-boot and dhcp-option=66 and 67 from dnsmasq',
      Kea: 'remove boot-file-name and next-server from Kea (global, classes, subnets and reservations)',
      Windows: 'remove options 066 and 067 from the server and scope options of Windows',
      any: 'remove its boot file and next server, options 66 and 67 (ISC dhcpd: filename; MikroTik: boot-file-name of the network; UniFi: Network Boot; OPNsense: network booting)',
    },
  },
  {
    name: 'other-proxy',
    holds: (reply) => !gives(reply) && (isPxe(reply) || isHttp(reply)),
    says: () => 'is a proxy, too: a machine that both answer boots from the one that is faster',
    remedies: {
      dnsmasq: 'give each its own machines (proxydhcp.admission here), or remove dhcp-range=…,proxy from dnsmasq',
      Kea: 'give each its own machines (proxydhcp.admission here), or stop one of them',
      Windows: 'give each its own machines (proxydhcp.admission here; a delay in Windows Deployment Services)',
      any: 'give each its own machines (proxydhcp.admission), let one wait (proxydhcp.minimumSecs), or stop one; a replica of this one belongs into proxydhcp.otherServers.known',
    },
  },
]

export const FINDING_NAMES: readonly FindingName[] = ROWS.map(({ name }) => name)

/** What is wrong with a reply of another server, for this proxy; nothing with that of one that gives addresses only. */
export function findingsIn(reply: ServerReply): Finding[] {
  return ROWS.filter(({ holds }) => holds(reply)).map(({ name, says, remedies }) => ({
    name,
    says: says(reply),
    remedy: remedies[reply.kind ?? 'any'],
  }))
}
