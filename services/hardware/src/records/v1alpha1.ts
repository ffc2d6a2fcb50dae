import type { hardware } from '@reboots/api'
import type { Cursor } from './cursor.ts'
import { architecture, flag, HTTP_ONLY, ipv4List, leaseSeconds, lines, text, texts, url, vlanId } from './fields.ts'
import type { Format } from './format.ts'
import { isMapping } from './cursor.ts'
import { blankInterface } from './blank.ts'
import { match } from './match.ts'
import {
  bootOverride,
  CLUSTER_FIELDS,
  checkFindable,
  labels,
  macOrMatch,
  objectMetadataPath,
  objectName,
  oneArchitecture,
  pxelinuxConfig,
  raspberryPi,
  routes,
} from './shared-fields.ts'
import { addressing, ipv4Family } from './subnet.ts'

/** Tinkerbell's `Hardware`, tinkerbell.org/v1alpha1: what Smee reads. */
export const v1alpha1: Format = {
  name: 'v1alpha1',
  read(record) {
    record.mapping(['apiVersion', 'kind', 'metadata', 'spec', 'status'])
    const object = record.at('metadata').mapping(['name', 'namespace', 'labels'], CLUSTER_FIELDS)
    const spec = record.at('spec').mapping(READ, KEPT)
    const own = spec.at('metadata')
    const facility = own.at('facility')
    const found = readInterfaces(spec.at('interfaces'))
    const { id, name } = objectName(object)
    checkFindable(spec.at('interfaces'), found, id === '' ? object.at('name') : undefined, record.refused)
    return {
      id: id === '' ? (found[0]?.iface.mac ?? '') : id,
      name,
      arch: oneArchitecture(found),
      facility: text(facility.at('facility_code')),
      agentId: text(spec.at('agentID')),
      state: text(own.at('state')),
      labels: labels(object.at('labels')),
      tags: texts(own.at('instance').at('tags')),
      metadata: isMapping(own.value) ? own.value : {},
      interfaces: found.map(({ iface }) => iface),
    }
  },
  metadataPath: objectMetadataPath,
}

const READ = ['agentID', 'interfaces', 'metadata']
const KEPT = [
  'auto',
  'bmcRef',
  'disks',
  'references',
  'resources',
  'storageDevices',
  'tinkVersion',
  'userData',
  'vendorData',
]

interface Found {
  readonly iface: hardware.Interface
  readonly arch: string
  readonly field: Cursor
}

function readInterfaces(list: Cursor): Found[] {
  return list.items().flatMap((item) => {
    const fields = item.mapping(['dhcp', 'disableDhcp', 'isoboot', 'match', 'netboot'])
    const dhcp = fields.at('dhcp').mapping(DHCP, ['ipxe'])
    const address = macOrMatch(fields, dhcp.at('mac'))
    if (address === undefined) return []
    const iface = {
      ...blankInterface(address),
      name: text(dhcp.at('iface_name')),
      uefi: flag(dhcp.at('uefi')),
      dhcp: { ...readDhcp(dhcp), disabled: flag(fields.at('disableDhcp')) },
      netboot: readNetboot(fields.at('netboot')),
      isoUrl: url(fields.at('isoboot').mapping(['sourceISO']).at('sourceISO'), HTTP_ONLY),
      match: match(fields.at('match')),
    }
    return [{ iface, arch: architecture(dhcp.at('arch')), field: dhcp.at('arch') }]
  })
}

const DHCP = [
  'arch',
  'boot_file_name',
  'classless_static_routes',
  'domain_name',
  'hostname',
  'iface_name',
  'ip',
  'lease_time',
  'mac',
  'name_servers',
  'tftp_server_name',
  'time_servers',
  'uefi',
  'vlan_id',
]

function readDhcp(dhcp: Cursor): Omit<hardware.Dhcp, 'disabled'> {
  const ip = dhcp.at('ip').mapping(['address', 'family', 'gateway', 'netmask'])
  ipv4Family(ip.at('family'))
  if (isMapping(ip.value) && ip.at('address').absent) ip.at('address').warn('missing: no address is reserved')
  const domainName = text(dhcp.at('domain_name'))
  return {
    ...addressing({ address: ip.at('address'), gateway: ip.at('gateway'), mask: { netmask: ip.at('netmask') } }),
    hostname: text(dhcp.at('hostname')),
    domainName,
    // The format has no search list; Smee sends the domain as one.
    domainSearch: domainName === '' ? [] : [domainName],
    leaseSeconds: leaseSeconds(dhcp.at('lease_time')),
    nameServers: ipv4List(dhcp.at('name_servers')),
    timeServers: ipv4List(dhcp.at('time_servers')),
    vlanId: vlanId(dhcp.at('vlan_id')),
    routes: routes(dhcp.at('classless_static_routes'), 'destination_descriptor'),
    ...bootOverride(dhcp.at('tftp_server_name'), dhcp.at('boot_file_name')),
  }
}

function readNetboot(field: Cursor): hardware.Netboot {
  const netboot = field.mapping(['allowPXE', 'allowWorkflow', 'ipxe', 'osie', 'pxelinux', 'rpi'])
  const ipxe = netboot.at('ipxe').mapping(['binary', 'contents', 'url'])
  const osie = netboot.at('osie').mapping(['baseURL', 'initrd', 'kernel', 'kernelParams'])
  return {
    allowPxe: flag(netboot.at('allowPXE')),
    allowWorkflow: flag(netboot.at('allowWorkflow')),
    ipxe: { url: url(ipxe.at('url')), contents: lines(ipxe.at('contents')), binary: text(ipxe.at('binary')) },
    osie: {
      baseUrl: url(osie.at('baseURL')),
      kernel: text(osie.at('kernel')),
      initrd: text(osie.at('initrd')),
      kernelParams: texts(osie.at('kernelParams')),
    },
    pxelinuxConfig: pxelinuxConfig(netboot.at('pxelinux')),
    rpi: raspberryPi(netboot.at('rpi')),
  }
}
