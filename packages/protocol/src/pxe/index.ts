export {
  architecture,
  ARCHITECTURES,
  formatArchitecture,
  UNKNOWN_ARCHITECTURE,
  type Architecture,
} from './architecture.ts'
export type { BootClient, Firmware, IpxeFeatures } from './boot-client.ts'
export { dialectOf, type Dialect } from './boot-dialect.ts'
export { menuLength, encodeMenu, FIRST_OWN_TYPE, LOCAL_BOOT, type BootMenu, type Discovery } from './boot-menu.ts'
export { bootServerAck, FILE_LIMIT, proxyOffer, withBoot } from './boot-reply.ts'
export { BOOT_SERVER_PORT, type BootTarget } from './boot-target.ts'
export { formatGuid, parseGuid } from './guid.ts'
export { identifyClient, RASPBERRY_PI_OUIS } from './identify.ts'
export {
  GRUB_POINTER,
  isGrubConfig,
  loaderConfigIn,
  loaderConfigPath,
  type ConfiguredLoader,
  type LoaderConfigName,
} from './loader-config.ts'
export { bootItemAck, bootServerMenuAck, proxyMenuOffer, showsMenu } from './menu-reply.ts'
export { lacksHttp } from './old-ipxe.ts'
export { decodeIpxeOptions, encodeIpxeOptions, IPXE_OPTIONS, ipxeFeatures, type IpxeOptions } from './ipxe-options.ts'
export {
  decodeVendorOptions,
  DISCOVERY_CONTROL,
  encodeVendorOptions,
  type BootItem,
  type BootMenuItem,
  type BootServer,
  type MenuPrompt,
  type VendorOptions,
} from './vendor-options.ts'
