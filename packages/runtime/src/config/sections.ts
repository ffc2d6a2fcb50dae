import { parseIpv4 } from '@reboots/protocol/net'
import { z } from 'zod'
import { cidr } from './cidr.ts'
import { mac, oui } from './hardware-address.ts'

/** Every section a configuration file may have, whoever reads it. */
export const SECTION_NAMES = [
  'log',
  'links',
  'control',
  'boot',
  'hardware',
  'rules',
  'dhcp',
  'proxydhcp',
  'tftp',
  'http',
] as const

const HOST_AND_PORT = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]*):(\d{1,5})$/

/** Building blocks for sections. */
export const fields = {
  /** A dotted quad, read into an Ipv4Address. */
  ipv4: z.string().transform((text, context) => {
    const address = parseIpv4(text)
    if (address !== undefined) return address
    context.issues.push({
      code: 'custom',
      message: `must be an IPv4 address such as 192.0.2.1, not "${text}"`,
      input: text,
    })
    return z.NEVER
  }),
  /** A network, `192.0.2.0/24`. */
  cidr,
  mac,
  oui,
  /** `host:port`; `[::1]:port` for IPv6; `:port` for every address. */
  hostPort: z.string().refine((text) => Number(HOST_AND_PORT.exec(text)?.[1] ?? 65536) <= 65535, {
    error: (issue) => `must be host:port such as 127.0.0.1:7067, not "${String(issue.input)}"`,
  }),
  port: z.int().min(1).max(65535),
  /** Text that no message repeats. */
  secret: z.string().meta({ secret: true }),
} as const

/** The `metrics` key of a service's own section. */
export function metricsSection(listen: string): z.ZodObject<{ listen: z.ZodDefault<z.ZodString> }> {
  return z.object({
    listen: z
      .string()
      .refine((text) => text === 'off' || fields.hostPort.safeParse(text).success, {
        error: (issue) => `must be host:port or off, not "${String(issue.input)}"`,
      })
      .default(listen)
      .describe('Where /metrics, /healthz, /readyz and /healthcheck are served over HTTP; off for nowhere'),
  })
}

const log = z.object({
  level: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('The least severity that is printed'),
  format: z.enum(['json', 'pretty']).default('json').describe('One JSON object per line, or lines for people'),
})

const links = z.object({
  interfaces: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'The network interfaces that machines are answered on, by name or as patterns such as br-*; empty for the one of the default route',
    ),
  wait: z
    .boolean()
    .default(false)
    .describe(
      'Whether an interface that is named but not there yet is waited for; false: that is an error at the start',
    ),
  ioThread: z
    .enum(['auto', 'on', 'off'])
    .default('auto')
    .describe('Whether dhcp and proxydhcp receive and send on a thread of its own; auto: when there is a second core'),
})

const control = z.object({
  hardware: fields.hostPort.default('127.0.0.1:42113').describe('gRPC address of the hardware service'),
  rules: fields.hostPort.default('127.0.0.1:42115').describe('gRPC address of the rules-engine'),
})

const binaries = z.object({
  bios: z.string().min(1).default('undionly.kpxe').describe('Boot file for BIOS firmware'),
  'uefi-ia32': z.string().min(1).default('ipxe-i386.efi').describe('Boot file for UEFI on 32-bit x86'),
  'uefi-x64': z.string().min(1).default('ipxe.efi').describe('Boot file for UEFI on x86-64'),
  'uefi-arm32': z.string().min(1).optional().describe('Boot file for UEFI on 32-bit ARM'),
  'uefi-arm64': z.string().min(1).default('ipxe-arm64.efi').describe('Boot file for UEFI on arm64'),
  'uefi-riscv64': z.string().min(1).default('ipxe-riscv64.efi').describe('Boot file for UEFI on riscv64'),
  'uefi-loongarch64': z.string().min(1).default('ipxe-loong64.efi').describe('Boot file for UEFI on loongarch64'),
  'u-boot': z.string().min(1).optional().describe('Boot file for U-Boot'),
  rpi: z.string().min(1).optional().describe('Boot file for the Raspberry Pi boot ROM'),
})

const boot = z.object({
  tftpHost: fields.ipv4
    .optional()
    .describe('IPv4 address of the TFTP server as machines see it; absent: our own on each link'),
  tftpPort: fields.port.default(69).describe('UDP port of the TFTP server'),
  httpHost: z
    .string()
    .min(1)
    .optional()
    .describe('Host of ipxe-http as machines see it; absent: our own address on each link'),
  httpPort: fields.port.default(7080).describe('TCP port of ipxe-http'),
  macFormat: z
    .enum(['colon', 'dot', 'dash', 'no-delimiter'])
    .default('colon')
    .describe('How a MAC is written in the URLs given to machines'),
  binaries,
})

/** The sections that several services read; use them under these names as keys of a service's own shape. */
export const sections = { log, links, control, boot } as const
