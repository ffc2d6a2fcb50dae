export type { Brand } from './brand.ts'
export type { Datagram, Endpoint } from './datagram.ts'
export {
  broadcastOf,
  formatIpv4,
  inSubnet,
  LIMITED_BROADCAST,
  maskOfPrefix,
  networkOf,
  parseIpv4,
  prefixOfMask,
  UNSPECIFIED,
  type Ipv4Address,
} from './ipv4.ts'
export { bytesOfMac, formatMac, macOfBytes, parseMac, type MacAddress, type MacFormat } from './mac.ts'
export { INFINITE, type Instant, type Seconds } from './time.ts'
