import type { hardware } from '@reboots/api'
import { blankInterface } from './blank.ts'
import { isMapping, type Cursor } from './cursor.ts'
import { match } from './match.ts'
import { architecture, flag, ipv4List, leaseSeconds, lines, text, url } from './fields.ts'
import type { Format } from './format.ts'
import { checkFindable, macOrMatch, oneArchitecture } from './shared-fields.ts'
import { addressing, ipv4Family } from './subnet.ts'

/** What `tink hardware push` took, Tink up to 0.9. `metadata` may be a mapping or the text of one. */
export const tinkJson: Format = {
  name: 'tink',
  read(record) {
    record.mapping(['id', 'metadata', 'network', 'version'])
    const metadata = readMetadata(record.at('metadata'))
    const network = record.at('network').mapping(['interfaces'], ['default'])
    const found = readInterfaces(network.at('interfaces'))
    const id = text(record.at('id'))
    checkFindable(network.at('interfaces'), found, id === '' ? record.at('id') : undefined, record.refused)
    const instance = mappingAt(metadata, 'instance')
    return {
      id: id === '' ? (found[0]?.iface.mac ?? '') : id,
      name: found[0]?.iface.dhcp.hostname ?? '',
      arch: oneArchitecture(found),
      facility: textAt(mappingAt(metadata, 'facility'), 'facility_code'),
      agentId: '',
      state: textAt(metadata, 'state'),
      labels: {},
      tags: Array.isArray(instance['tags']) ? instance['tags'].filter((tag) => typeof tag === 'string') : [],
      metadata,
      interfaces: found.map(({ iface }) => iface),
    }
  },
  metadataPath: (path) => path,
}

type Mapping = Readonly<Record<string, unknown>>

/** Old servers kept metadata as the text of a JSON document, and dumps of them have it so. */
function readMetadata(field: Cursor): Mapping {
  if (typeof field.value !== 'string') {
    field.entries()
    return isMapping(field.value) ? field.value : {}
  }
  try {
    const value: unknown = JSON.parse(field.value)
    if (isMapping(value)) return value
  } catch {
    // Said below, as for any other text.
  }
  if (field.value !== '') field.refuse('must be a mapping, or the text of a JSON object')
  return {}
}

function mappingAt(mapping: Mapping, key: string): Mapping {
  const value = Object.hasOwn(mapping, key) ? mapping[key] : undefined
  return isMapping(value) ? value : {}
}

function textAt(mapping: Mapping, key: string): string {
  const value = Object.hasOwn(mapping, key) ? mapping[key] : undefined
  return typeof value === 'string' ? value : ''
}

interface Found {
  readonly iface: hardware.Interface & { readonly dhcp: hardware.Dhcp }
  readonly arch: string
  readonly field: Cursor
}

function readInterfaces(list: Cursor): Found[] {
  return list.items().flatMap((item) => {
    const fields = item.mapping(['dhcp', 'match', 'netboot'])
    const dhcp = fields.at('dhcp').mapping(DHCP)
    const address = macOrMatch(fields, dhcp.at('mac'))
    if (address === undefined) return []
    const blank = blankInterface(address)
    const iface = {
      ...blank,
      name: text(dhcp.at('iface_name')),
      uefi: flag(dhcp.at('uefi')),
      dhcp: { ...blank.dhcp, ...readDhcp(dhcp) },
      netboot: { ...blank.netboot, ...readNetboot(fields.at('netboot')) },
      match: match(fields.at('match')),
    }
    return [{ iface, arch: architecture(dhcp.at('arch')), field: dhcp.at('arch') }]
  })
}

const DHCP = ['arch', 'hostname', 'iface_name', 'ip', 'lease_time', 'mac', 'name_servers', 'time_servers', 'uefi']

function readDhcp(dhcp: Cursor): Partial<hardware.Dhcp> {
  const ip = dhcp.at('ip').mapping(['address', 'family', 'gateway', 'netmask'])
  ipv4Family(ip.at('family'))
  return {
    ...addressing({ address: ip.at('address'), gateway: ip.at('gateway'), mask: { netmask: ip.at('netmask') } }),
    hostname: text(dhcp.at('hostname')),
    leaseSeconds: leaseSeconds(dhcp.at('lease_time')),
    nameServers: ipv4List(dhcp.at('name_servers')),
    timeServers: ipv4List(dhcp.at('time_servers')),
  }
}

function readNetboot(field: Cursor): Partial<hardware.Netboot> {
  const netboot = field.mapping(['allow_pxe', 'allow_workflow', 'ipxe', 'osie'])
  const ipxe = netboot.at('ipxe').mapping(['contents', 'url'])
  const osie = netboot.at('osie').mapping(['base_url', 'initrd', 'kernel'])
  return {
    allowPxe: flag(netboot.at('allow_pxe')),
    allowWorkflow: flag(netboot.at('allow_workflow')),
    ipxe: { url: url(ipxe.at('url')), contents: lines(ipxe.at('contents')), binary: '' },
    osie: {
      baseUrl: url(osie.at('base_url')),
      kernel: text(osie.at('kernel')),
      initrd: text(osie.at('initrd')),
      kernelParams: [],
    },
  }
}
