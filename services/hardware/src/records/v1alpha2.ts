import type { hardware } from '@reboots/api'
import { blankInterface } from './blank.ts'
import type { Cursor } from './cursor.ts'
import { architecture, flag, HTTP_ONLY, ipv4List, leaseSeconds, lines, text, texts, url, vlanId } from './fields.ts'
import type { Format } from './format.ts'
import { keyedMac } from './keyed-mac.ts'
import { match } from './match.ts'
import {
  bootOverride,
  CLUSTER_FIELDS,
  labels,
  objectMetadataPath,
  objectName,
  pxelinuxConfig,
  raspberryPi,
  routes,
} from './shared-fields.ts'
import { addressing } from './subnet.ts'

/** Tinkerbell's `Hardware`, tinkerbell.org/v1alpha2: interfaces in a map by MAC, netboot on unless disabled, whole URLs. */
export const v1alpha2: Format = {
  name: 'v1alpha2',
  read(record) {
    record.mapping(['apiVersion', 'kind', 'metadata', 'spec', 'status'])
    const object = record.at('metadata').mapping(['name', 'namespace', 'labels'], CLUSTER_FIELDS)
    const spec = record.at('spec').mapping(['agentID', 'arch', 'instance', 'networkInterfaces'], KEPT)
    const instance = spec.at('instance').mapping(['osie'], INSTANCE)
    const boot = readOsie(instance.at('osie'))
    const interfaces = readInterfaces(spec.at('networkInterfaces'), boot)
    if (interfaces.length === 0 && !record.refused) {
      spec.at('networkInterfaces').refuse('has no interface with a MAC; a machine is found by its MAC')
    }
    const { id, name } = objectName(object)
    return {
      id: id === '' ? (interfaces[0]?.mac ?? '') : id,
      name,
      arch: architecture(spec.at('arch')),
      facility: '',
      agentId: text(spec.at('agentID')),
      state: '',
      labels: labels(object.at('labels')),
      tags: [],
      metadata: {},
      interfaces,
    }
  },
  metadataPath: objectMetadataPath,
}

const KEPT = ['auto', 'bmc', 'bmcRef', 'references', 'storageDevices']
const INSTANCE = ['lookupID', 'metadata', 'networkConfig', 'sshKeys', 'userdata', 'vars', 'vendordata']

interface InstanceBoot {
  readonly osie: hardware.Osie
  readonly isoUrl: string
}

function readOsie(field: Cursor): InstanceBoot {
  const osie = field.mapping(['initrdURL', 'isoURL', 'kernelParams', 'kernelURL'])
  return {
    osie: {
      baseUrl: '',
      kernel: url(osie.at('kernelURL')),
      initrd: url(osie.at('initrdURL')),
      kernelParams: texts(osie.at('kernelParams')),
    },
    isoUrl: url(osie.at('isoURL'), HTTP_ONLY),
  }
}

function readInterfaces(map: Cursor, boot: InstanceBoot): hardware.Interface[] {
  return map.entries().flatMap((entry) => {
    const address = keyedMac(entry)
    const fields = entry.mapping(['dhcp', 'ipam', 'match', 'netboot'])
    if (address === undefined) return []
    const dhcp = fields.at('dhcp').mapping(['ipv4'], ['ipv6']).at('ipv4').mapping(DHCP)
    const ipam = fields.at('ipam').mapping(['ipv4'], ['ipv6']).at('ipv4').mapping(['address', 'gateway', 'prefix'])
    return [
      {
        ...blankInterface(address),
        dhcp: {
          ...readDhcp(dhcp),
          ...addressing({
            address: ipam.at('address'),
            gateway: ipam.at('gateway'),
            mask: { prefix: ipam.at('prefix') },
          }),
        },
        netboot: readNetboot(fields.at('netboot'), boot.osie),
        isoUrl: boot.isoUrl,
        match: match(fields.at('match')),
      },
    ]
  })
}

const DHCP = [
  'bootFileName',
  'classlessStaticRoutes',
  'disabled',
  'domainName',
  'domainSearchList',
  'hostname',
  'leaseTimeSeconds',
  'nameservers',
  'ntpServers',
  'tftpServerName',
  'vlanID',
]

function readDhcp(dhcp: Cursor): Omit<hardware.Dhcp, 'address' | 'netmask' | 'gateway'> {
  return {
    disabled: flag(dhcp.at('disabled')),
    hostname: text(dhcp.at('hostname')),
    domainName: text(dhcp.at('domainName')),
    domainSearch: texts(dhcp.at('domainSearchList')),
    leaseSeconds: leaseSeconds(dhcp.at('leaseTimeSeconds')),
    nameServers: ipv4List(dhcp.at('nameservers')),
    timeServers: ipv4List(dhcp.at('ntpServers')),
    vlanId: vlanId(dhcp.at('vlanID')),
    routes: routes(dhcp.at('classlessStaticRoutes'), 'destinationDescriptor'),
    ...bootOverride(dhcp.at('tftpServerName'), dhcp.at('bootFileName')),
  }
}

function readNetboot(field: Cursor, osie: hardware.Osie): hardware.Netboot {
  const netboot = field.mapping(['disabled', 'ipxe', 'pxelinux', 'rpi'])
  const ipxe = netboot.at('ipxe').mapping(['binary', 'script', 'url'])
  const allowed = !flag(netboot.at('disabled'))
  const contents = lines(ipxe.at('script'))
  if (contents !== '' && !contents.startsWith('#!ipxe')) ipxe.at('script').refuse('must begin with #!ipxe')
  if (contents !== '' && !ipxe.at('url').absent) ipxe.refuse('has both script and url; leave one out')
  return {
    allowPxe: allowed,
    // The format has no word of its own for workflows: what may netboot may run one.
    allowWorkflow: allowed,
    ipxe: { url: url(ipxe.at('url')), contents, binary: text(ipxe.at('binary')) },
    osie,
    pxelinuxConfig: pxelinuxConfig(netboot.at('pxelinux')),
    rpi: raspberryPi(netboot.at('rpi')),
  }
}
