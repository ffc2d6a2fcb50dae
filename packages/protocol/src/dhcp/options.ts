/**
 * The registry of DHCP options, one row each: number, name, where it is defined, how its value is written. Rows are
 * exported by name; `OPTIONS` and `optionByCode` of `registry.ts` are made from them.
 *
 * Rows whose value another room takes apart (43, 61, 82, 94, 97, 124, 125, 175) or that nobody here reads are octets.
 */
import { classlessRoutes } from './classless-routes.ts'
import {
  bytesOf,
  flag,
  i32,
  ipv4,
  ipv4List,
  ipv4ListOrNone,
  ipv4Pairs,
  present,
  seconds,
  text,
  u16,
  u16From,
  u16List,
  u8,
  u8From,
  u8List,
  type Codec,
} from './codec.ts'
import { domainList } from './domain-list.ts'
import { machineIdentifier } from './machine-identifier.ts'
import { messageTypes } from './message-type.ts'
import type { Option } from './option.ts'
import { relayAgentValue } from './relay-agent.ts'
import { userClassList } from './user-class.ts'

const bytes = bytesOf()

// RFC 2132 §3: RFC 1497 vendor extensions
export const subnetMask = row(1, 'subnet-mask', 'RFC 2132 §3.3', ipv4)
export const timeOffset = row(2, 'time-offset', 'RFC 2132 §3.4', i32)
export const router = row(3, 'routers', 'RFC 2132 §3.5', ipv4List)
export const timeServer = row(4, 'time-servers', 'RFC 2132 §3.6', ipv4List)
export const nameServer = row(5, 'name-servers', 'RFC 2132 §3.7', ipv4List)
export const domainNameServer = row(6, 'domain-name-servers', 'RFC 2132 §3.8', ipv4List)
export const logServer = row(7, 'log-servers', 'RFC 2132 §3.9', ipv4List)
export const cookieServer = row(8, 'cookie-servers', 'RFC 2132 §3.10', ipv4List)
export const lprServer = row(9, 'lpr-servers', 'RFC 2132 §3.11', ipv4List)
export const impressServer = row(10, 'impress-servers', 'RFC 2132 §3.12', ipv4List)
export const resourceLocationServer = row(11, 'resource-location-servers', 'RFC 2132 §3.13', ipv4List)
export const hostName = row(12, 'host-name', 'RFC 2132 §3.14', text)
export const bootFileSize = row(13, 'boot-file-size', 'RFC 2132 §3.15', u16)
export const meritDumpFile = row(14, 'merit-dump-file', 'RFC 2132 §3.16', text)
export const domainName = row(15, 'domain-name', 'RFC 2132 §3.17', text)
export const swapServer = row(16, 'swap-server', 'RFC 2132 §3.18', ipv4)
export const rootPath = row(17, 'root-path', 'RFC 2132 §3.19', text)
export const extensionsPath = row(18, 'extensions-path', 'RFC 2132 §3.20', text)

// RFC 2132 §4: IP layer, per host
export const ipForwarding = row(19, 'ip-forwarding', 'RFC 2132 §4.1', flag)
export const nonLocalSourceRouting = row(20, 'non-local-source-routing', 'RFC 2132 §4.2', flag)
export const policyFilter = row(21, 'policy-filter', 'RFC 2132 §4.3', ipv4Pairs)
export const maxDatagramReassembly = row(22, 'max-datagram-reassembly', 'RFC 2132 §4.4', u16From(576))
export const defaultIpTtl = row(23, 'default-ip-ttl', 'RFC 2132 §4.5', u8From(1))
export const pathMtuAgingTimeout = row(24, 'path-mtu-aging-timeout', 'RFC 2132 §4.6', seconds)
export const pathMtuPlateauTable = row(25, 'path-mtu-plateau-table', 'RFC 2132 §4.7', u16List)

// RFC 2132 §5: IP layer, per interface
export const interfaceMtu = row(26, 'interface-mtu', 'RFC 2132 §5.1', u16From(68))
export const allSubnetsLocal = row(27, 'all-subnets-local', 'RFC 2132 §5.2', flag)
export const broadcastAddress = row(28, 'broadcast-address', 'RFC 2132 §5.3', ipv4)
export const performMaskDiscovery = row(29, 'perform-mask-discovery', 'RFC 2132 §5.4', flag)
export const maskSupplier = row(30, 'mask-supplier', 'RFC 2132 §5.5', flag)
export const performRouterDiscovery = row(31, 'perform-router-discovery', 'RFC 2132 §5.6', flag)
export const routerSolicitationAddress = row(32, 'router-solicitation-address', 'RFC 2132 §5.7', ipv4)
export const staticRoute = row(33, 'static-routes', 'RFC 2132 §5.8', ipv4Pairs)

// RFC 2132 §6, §7: link layer and TCP
export const trailerEncapsulation = row(34, 'trailer-encapsulation', 'RFC 2132 §6.1', flag)
export const arpCacheTimeout = row(35, 'arp-cache-timeout', 'RFC 2132 §6.2', seconds)
export const ethernetEncapsulation = row(36, 'ethernet-encapsulation', 'RFC 2132 §6.3', flag)
export const tcpDefaultTtl = row(37, 'tcp-default-ttl', 'RFC 2132 §7.1', u8From(1))
export const tcpKeepaliveInterval = row(38, 'tcp-keepalive-interval', 'RFC 2132 §7.2', seconds)
export const tcpKeepaliveGarbage = row(39, 'tcp-keepalive-garbage', 'RFC 2132 §7.3', flag)

// RFC 2132 §8: applications and services
export const nisDomain = row(40, 'nis-domain', 'RFC 2132 §8.1', text)
export const nisServer = row(41, 'nis-servers', 'RFC 2132 §8.2', ipv4List)
export const ntpServers = row(42, 'ntp-servers', 'RFC 2132 §8.3', ipv4List)
export const vendorSpecific = row(43, 'vendor-specific', 'RFC 2132 §8.4', bytes)
export const netbiosNameServer = row(44, 'netbios-name-servers', 'RFC 2132 §8.5', ipv4List)
export const netbiosDatagramServer = row(45, 'netbios-datagram-servers', 'RFC 2132 §8.6', ipv4List)
export const netbiosNodeType = row(46, 'netbios-node-type', 'RFC 2132 §8.7', u8)
export const netbiosScope = row(47, 'netbios-scope', 'RFC 2132 §8.8', text)
export const xFontServer = row(48, 'x-font-servers', 'RFC 2132 §8.9', ipv4List)
export const xDisplayManager = row(49, 'x-display-managers', 'RFC 2132 §8.10', ipv4List)
export const nisPlusDomain = row(64, 'nis-plus-domain', 'RFC 2132 §8.11', text)
export const nisPlusServer = row(65, 'nis-plus-servers', 'RFC 2132 §8.12', ipv4List)
export const mobileIpHomeAgent = row(68, 'mobile-ip-home-agents', 'RFC 2132 §8.13', ipv4ListOrNone)
export const smtpServer = row(69, 'smtp-servers', 'RFC 2132 §8.14', ipv4List)
export const pop3Server = row(70, 'pop3-servers', 'RFC 2132 §8.15', ipv4List)
export const nntpServer = row(71, 'nntp-servers', 'RFC 2132 §8.16', ipv4List)
export const wwwServer = row(72, 'www-servers', 'RFC 2132 §8.17', ipv4List)
export const fingerServer = row(73, 'finger-servers', 'RFC 2132 §8.18', ipv4List)
export const ircServer = row(74, 'irc-servers', 'RFC 2132 §8.19', ipv4List)
export const streetTalkServer = row(75, 'streettalk-servers', 'RFC 2132 §8.20', ipv4List)
export const streetTalkDirectoryAssistance = row(76, 'streettalk-directory-assistance', 'RFC 2132 §8.21', ipv4List)

// RFC 2132 §9: DHCP itself
export const requestedAddress = row(50, 'requested-address', 'RFC 2132 §9.1', ipv4)
export const leaseTime = row(51, 'lease-time', 'RFC 2132 §9.2', seconds)
/** For printing only: decoding and encoding a message take and give this option away. */
export const overload = row(52, 'overload', 'RFC 2132 §9.3', u8)
export const messageTypeOption = row(53, 'message-type', 'RFC 2132 §9.6', messageTypes)
export const serverIdentifier = row(54, 'server-identifier', 'RFC 2132 §9.7', ipv4)
export const parameterRequest = row(55, 'parameter-request-list', 'RFC 2132 §9.8', u8List)
export const message = row(56, 'message', 'RFC 2132 §9.9', text)
export const maxMessageSize = row(57, 'max-message-size', 'RFC 2132 §9.10', u16)
export const renewalTime = row(58, 'renewal-time', 'RFC 2132 §9.11', seconds)
export const rebindingTime = row(59, 'rebinding-time', 'RFC 2132 §9.12', seconds)
export const vendorClass = row(60, 'vendor-class', 'RFC 2132 §9.13', text)
export const clientIdentifier = row(61, 'client-identifier', 'RFC 2132 §9.14', bytesOf(2))
export const tftpServerName = row(66, 'tftp-server-name', 'RFC 2132 §9.4', text)
export const bootFileName = row(67, 'boot-file-name', 'RFC 2132 §9.5', text)

// Extensions
export const netwareDomain = row(62, 'netware-ip-domain', 'RFC 2242', text)
export const netwareInformation = row(63, 'netware-ip-information', 'RFC 2242', bytes)
export const userClass = row(77, 'user-class', 'RFC 3004', userClassList)
export const slpDirectoryAgent = row(78, 'slp-directory-agent', 'RFC 2610', bytes)
export const slpServiceScope = row(79, 'slp-service-scope', 'RFC 2610', bytes)
export const rapidCommit = row(80, 'rapid-commit', 'RFC 4039 §4', present)
export const clientFqdn = row(81, 'client-fqdn', 'RFC 4702 §2', bytes)
export const relayAgentInformation = row(82, 'relay-agent-information', 'RFC 3046 §2.0', relayAgentValue)
export const iSns = row(83, 'isns', 'RFC 4174', bytes)
export const authentication = row(90, 'authentication', 'RFC 3118 §2', bytes)
export const clientLastTransactionTime = row(91, 'client-last-transaction-time', 'RFC 4388 §6.1', seconds)
export const associatedAddresses = row(92, 'associated-addresses', 'RFC 4388 §6.1', ipv4List)
export const clientSystemArchitecture = row(93, 'client-system-architecture', 'RFC 4578 §2.1', u16List)
export const clientNetworkInterface = row(94, 'client-network-interface', 'RFC 4578 §2.2', bytesOf(3, 3))
export const clientMachineIdentifier = row(97, 'client-machine-identifier', 'RFC 4578 §2.3', machineIdentifier)
export const posixTimezone = row(100, 'posix-timezone', 'RFC 4833', text)
export const databaseTimezone = row(101, 'database-timezone', 'RFC 4833', text)
export const ipv6OnlyPreferred = row(108, 'ipv6-only-preferred', 'RFC 8925 §3.1', seconds)
export const captivePortal = row(114, 'captive-portal', 'RFC 8910 §2.1', text)
export const autoConfigure = row(116, 'auto-configure', 'RFC 2563', u8)
export const nameServiceSearch = row(117, 'name-service-search', 'RFC 2937', u16List)
export const subnetSelection = row(118, 'subnet-selection', 'RFC 3011', ipv4)
export const domainSearch = row(119, 'domain-search', 'RFC 3397', domainList)
export const sipServers = row(120, 'sip-servers', 'RFC 3361', bytes)
export const classlessStaticRoute = row(121, 'classless-static-routes', 'RFC 3442', classlessRoutes)
export const vendorIdentifyingClass = row(124, 'vendor-identifying-vendor-class', 'RFC 3925 §3', bytes)
export const vendorIdentifyingOptions = row(125, 'vendor-identifying-vendor-options', 'RFC 3925 §4', bytes)
export const capwapControllers = row(138, 'capwap-access-controllers', 'RFC 5417', ipv4List)
export const forceRenewNonceCapable = row(145, 'force-renew-nonce-capable', 'RFC 6704', u8List)
export const tftpServerAddresses = row(150, 'tftp-server-addresses', 'RFC 5859', ipv4List)
/** Private to Etherboot and iPXE; taken apart with the other boot options. */
export const ipxeEncapsulated = row(175, 'ipxe-encapsulated', 'iPXE dhcp.h', bytes)
export const pxelinuxMagic = row(208, 'pxelinux-magic', 'RFC 5071 §3', bytes)
export const pxelinuxConfigFile = row(209, 'pxelinux-config-file', 'RFC 5071 §4', text)
export const pxelinuxPathPrefix = row(210, 'pxelinux-path-prefix', 'RFC 5071 §5', text)
export const pxelinuxRebootTime = row(211, 'pxelinux-reboot-time', 'RFC 5071 §6', seconds)
export const virtualSubnetSelection = row(221, 'virtual-subnet-selection', 'RFC 6607', bytes)
/** Option 121 under the number older Windows asks for. */
export const microsoftClasslessStaticRoute = row(249, 'microsoft-classless-static-routes', 'RFC 3442', classlessRoutes)
export const webProxyAutoDiscovery = row(252, 'web-proxy-auto-discovery', 'draft-ietf-wrec-wpad-01', text)

function row<T>(code: number, name: string, section: string, codec: Codec<T>): Option<T> {
  return { code, name, section, ...codec }
}
