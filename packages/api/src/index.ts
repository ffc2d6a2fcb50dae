export * as config from './gen/reboots/config/v1/config.ts'
export * as hardware from './gen/reboots/hardware/v1/hardware.ts'
export * as rules from './gen/reboots/rules/v1/rules.ts'
export * as tink from './gen/tink/hardware/hardware.ts'
