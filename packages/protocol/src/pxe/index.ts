export type { BootClient, Firmware, IpxeFeatures } from './boot-client.ts'
