import type { hardware } from '@reboots/api'
import { blankInterface } from './blank.ts'
import type { Cursor } from './cursor.ts'
import { architecture, flag, ipv4, ipv4List, leaseSeconds, lines, text, texts, url, vlanId } from './fields.ts'
import type { Format } from './format.ts'
import { keyedMac } from './keyed-mac.ts'
import { match } from './match.ts'
import { addressing } from './subnet.ts'

/** One entry of the map by MAC that stand-alone Smee's file back end read: flat, one interface. */
export const smeeMap: Format = {
  name: 'smee',
  read(entry) {
    const address = keyedMac(entry)
    if (entry.absent) entry.refuse('has nothing below it; write at least netboot: {allowPxe: true}')
    const fields = entry.mapping(READ, ['broadcastAddress'])
    const netboot = fields.at('netboot').mapping(NETBOOT)
    ipv4(fields.at('broadcastAddress'))
    if (address === undefined) return undefined
    const iface = {
      ...blankInterface(address),
      dhcp: readDhcp(fields),
      netboot: readNetboot(netboot),
      match: match(fields.at('match')),
    }
    return {
      id: address,
      name: iface.dhcp.hostname,
      arch: architecture(fields.at('arch')),
      facility: text(netboot.at('facility')),
      agentId: '',
      state: '',
      labels: {},
      tags: [],
      metadata: {},
      interfaces: [iface],
    }
  },
  metadataPath: (path) => path,
}

const READ = [
  'arch',
  'defaultGateway',
  'disabled',
  'domainName',
  'domainSearch',
  'hostname',
  'ipAddress',
  'leaseTime',
  'match',
  'nameServers',
  'netboot',
  'ntpServers',
  'subnetMask',
  'vlanID',
]
const NETBOOT = ['allowPxe', 'console', 'facility', 'ipxeScript', 'ipxeScriptUrl']

function readDhcp(fields: Cursor): hardware.Dhcp {
  return {
    disabled: flag(fields.at('disabled')),
    ...addressing({
      address: fields.at('ipAddress'),
      gateway: fields.at('defaultGateway'),
      mask: { netmask: fields.at('subnetMask') },
    }),
    hostname: text(fields.at('hostname')),
    domainName: text(fields.at('domainName')),
    domainSearch: texts(fields.at('domainSearch')),
    leaseSeconds: leaseSeconds(fields.at('leaseTime')),
    nameServers: ipv4List(fields.at('nameServers')),
    timeServers: ipv4List(fields.at('ntpServers')),
    vlanId: vlanId(fields.at('vlanID')),
    routes: [],
    tftpServerName: '',
    bootFileName: '',
  }
}

function readNetboot(netboot: Cursor): hardware.Netboot {
  const { netboot: blank } = blankInterface('')
  const allowed = flag(netboot.at('allowPxe'))
  const device = text(netboot.at('console'))
  return {
    ...blank,
    allowPxe: allowed,
    // The format has no word of its own for workflows: what may netboot may run one.
    allowWorkflow: allowed,
    ipxe: { url: url(netboot.at('ipxeScriptUrl')), contents: lines(netboot.at('ipxeScript')), binary: '' },
    osie: { baseUrl: '', kernel: '', initrd: '', kernelParams: device === '' ? [] : [consoleArgument(device)] },
  }
}

/** `ttyS1,115200` as the kernel argument it stands for; left alone if it is one already. */
function consoleArgument(device: string): string {
  return device.startsWith('console=') ? device : `console=${device}`
}
