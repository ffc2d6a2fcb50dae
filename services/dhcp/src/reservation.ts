import type { hardware } from '@reboots/api'
import type { Pool } from '@reboots/leases'
import type { NetworkConfig } from '@reboots/protocol/dhcp'
import {
  broadcastOf,
  formatIpv4,
  networkOf,
  parseIpv4,
  prefixOfMask,
  type Ipv4Address,
  type Seconds,
} from '@reboots/protocol/net'
import { machineFacts, UNKNOWN_MACHINE, type MachineFacts } from '@reboots/rules'
import type { FoundBy } from '@reboots/runtime'
import { byStage, leaseTimeAt, withDefaults, type TermsByStage } from './addressing/terms.ts'
import type { Settings } from './ports.ts'

/** One interface of a machine as DHCP sees it, made once per change of its record. */
export interface Reservation {
  readonly machine: MachineFacts
  /** Who has its reserved address in the books; absent: the MAC that asks. */
  readonly holder?: string | undefined
  /** Absent: by its MAC. `lease`: by what the books say of the address that it uses. */
  readonly foundBy?: FoundBy | 'lease' | undefined
  /** The record asks for no DHCP answer. */
  readonly disabled: boolean
  /** Absent: the record has no address. */
  readonly address: ReservedAddress | undefined
  /** Options 66 and 67 as the record dictates them; empty text for not set. */
  readonly tftpServerName: string
  readonly bootFileName: string
}

export interface ReservedAddress {
  readonly ip: Ipv4Address
  readonly mask: Ipv4Address
  /** `192.0.2.0/24` */
  readonly subnet: string
  /** What goes with the address by these settings. */
  terms(settings: Known): TermsByStage
}

/** What there is to know of a machine without a record. */
export const UNKNOWN: Reservation = {
  machine: UNKNOWN_MACHINE,
  disabled: false,
  address: undefined,
  tftpServerName: '',
  bootFileName: '',
}

type Known = Pick<Settings, 'networks' | 'offerTime' | 'quarantineTime'>

/** Throws an Error that names the field when the record holds something that the hardware service should have refused. */
export function reservationOf(machine: hardware.Machine, iface: hardware.Interface): Reservation {
  const dhcp = iface.dhcp
  return {
    machine: machineFacts(machine, iface),
    holder: iface.match === undefined ? undefined : holderOf(machine, iface),
    disabled: dhcp?.disabled ?? false,
    address: dhcp && dhcp.address !== '' ? reservedAddress(dhcp) : undefined,
    tftpServerName: dhcp?.tftpServerName ?? '',
    bootFileName: dhcp?.bootFileName ?? '',
  }
}

/**
 * A machine that is found by more than its MAC is one and the same to the books whatever it is found by, and whatever network card it
 * has: its MAC as recorded, else the record.
 */
function holderOf({ id, interfaces }: hardware.Machine, iface: hardware.Interface): string {
  const place = interfaces.indexOf(iface)
  if (iface.mac !== '') return iface.mac
  return place > 0 ? `record:${id}/${place}` : `record:${id}`
}

/** The terms are made when they are asked for, and again when the settings are others: a change of them costs nothing at once. */
function reservedAddress(dhcp: hardware.Dhcp): ReservedAddress {
  const ip = ipv4(dhcp.address, 'address')
  const mask = ipv4(dhcp.netmask, 'netmask')
  const prefix = prefixOfMask(mask)
  if (prefix === undefined) throw new Error(`netmask: ${dhcp.netmask} has gaps`)
  const own = networkConfig(dhcp, ip, mask)
  let made: { readonly by: Known; readonly terms: TermsByStage } | undefined
  const terms = (settings: Known): TermsByStage => {
    if (made?.by !== settings) made = { by: settings, terms: termsOf(ip, own, settings) }
    return made.terms
  }
  return { ip, mask, subnet: `${formatIpv4(networkOf(ip, mask))}/${prefix}`, terms }
}

/** What the record does not say is as in the subnet that the address is in, if there is one, else as for all networks. */
function termsOf(ip: Ipv4Address, own: NetworkConfig, { networks, offerTime, quarantineTime }: Known): TermsByStage {
  const subnet = networks.subnetOf(ip)
  const { options, times } = subnet ?? networks
  const config = withDefaults(own, options)
  return byStage((stage) => {
    const leaseTime = leaseTimeAt(stage, own.leaseTime, times)
    const made = { stage, own, options, times, leaseTime: own.leaseTime, reserved: true }
    const pool: Pool = { ranges: [], leaseTime, offerTime, quarantineTime }
    return { config: { ...config, leaseTime }, pool, nextServer: subnet?.nextServer, bootFile: subnet?.bootFile, made }
  })
}

function networkConfig(dhcp: hardware.Dhcp, ip: Ipv4Address, subnetMask: Ipv4Address): NetworkConfig {
  const search = dhcp.domainSearch.length > 0 ? dhcp.domainSearch : dhcp.domainName === '' ? [] : [dhcp.domainName]
  return {
    subnetMask,
    broadcastAddress: broadcastOf(ip, subnetMask),
    routers: dhcp.gateway === '' ? [] : [ipv4(dhcp.gateway, 'gateway')],
    domainNameServers: dhcp.nameServers.map((text) => ipv4(text, 'nameServers')),
    leaseTime: dhcp.leaseSeconds as Seconds,
    ...(dhcp.hostname !== '' && { hostName: dhcp.hostname }),
    ...(dhcp.domainName !== '' && { domainName: dhcp.domainName }),
    ...(search.length > 0 && { domainSearch: search }),
    ...(dhcp.timeServers.length > 0 && { ntpServers: dhcp.timeServers.map((text) => ipv4(text, 'timeServers')) }),
    ...(dhcp.routes.length > 0 && { routes: dhcp.routes.map(routeOf) }),
  }
}

function routeOf(route: hardware.Route) {
  const [network = '', prefix = ''] = route.destination.split('/')
  const length = Number(prefix)
  if (!/^\d{1,2}$/.test(prefix) || length > 32) throw new Error(`routes: ${route.destination} is not a CIDR`)
  return { network: ipv4(network, 'routes'), prefix: length, router: ipv4(route.router, 'routes') }
}

function ipv4(text: string, field: string): Ipv4Address {
  const address = parseIpv4(text)
  if (address === undefined) throw new Error(`${field}: '${text}' is not an IPv4 address`)
  return address
}
