import { isIP } from 'node:net'
import { formatIpv4, parseIpv4 } from '@reboots/protocol/net'
import { fields, listenAddress, sections, type ListenAddress, type UdpLink } from '@reboots/runtime'
import { z } from 'zod'

const text = z.string().default('')

/**
 * The environment variables of the old Tinkerbell set-ups that named a registry. They are read as they are, so that the
 * seed documents of an existing site go on working; the section's own keys win.
 */
export const REGISTRY_VARIABLES = {
  host: 'DOCKER_REGISTRY',
  username: 'REGISTRY_USERNAME',
  password: 'REGISTRY_PASSWORD',
} as const

/** `address` or `address:port`. */
function isListenAddress(value: string): boolean {
  const [, host = '', port = '1'] = /^([0-9.]+)(?::(\d{1,5}))?$/.exec(value) ?? []
  return parseIpv4(host) !== undefined && Number(port) <= 65535
}

/** An address, or a network by its prefix. */
function isAddressOrCidr(value: string): boolean {
  const [address = '', prefix = '1', ...rest] = value.split('/')
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0
  return rest.length === 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) >= 1 && Number(prefix) <= bits
}

/** Empty, or scheme and host, and `rest` behind them. */
function isUrl(value: string, schemes: RegExp, rest: RegExp): boolean {
  const url = URL.parse(value)
  return value === '' || (url !== null && schemes.test(url.protocol) && url.host !== '' && rest.test(url.pathname))
}

const http = z.object({
  listen: z
    .array(z.string().refine(isListenAddress, { error: 'must be an IPv4 address, or address:port' }))
    .default([])
    .describe(
      'IPv4 addresses to listen on, `address` or `address:port`; empty: every address of `links`, and 127.0.0.1',
    ),
  files: z
    .array(z.string())
    .default([])
    .describe('Directories served under /files/, the first that has a file wins; kernels and initrds go here'),
  ipxe: z
    .array(z.string())
    .default(['/usr/lib/ipxe'])
    .describe('Directories with iPXE binaries, served under /ipxe/binary/; the first that has a file wins'),
  trustedProxies: z
    .array(z.string().refine(isAddressOrCidr, { error: 'must be an address, or a network such as 10.0.0.0/8' }))
    .default([])
    .describe('Addresses or CIDRs whose X-Forwarded-For header is believed'),
  origin: z
    .string()
    .refine((value) => isUrl(value, /^https?:$/, /^\/?$/), { error: 'must be an origin such as http://192.0.2.1:7080' })
    .default('')
    .describe('Origin machines reach this service by, http://host:port; empty: the address a request came to'),
  osieUrl: z
    .string()
    .refine((value) => isUrl(value, /^(https?|t?ftp|nfs):$/, /^/), {
      error: 'must be a URL such as http://192.0.2.1/hook',
    })
    .default('')
    .describe('Base URL of kernel and initrd for records that name none; empty: /files of this service'),
  kernelName: z.string().default('vmlinuz').describe('Kernel file name; `-<arch>` is appended'),
  initrdName: z.string().default('initramfs').describe('Initrd file name; `-<arch>` is appended'),
  extraKernelArgs: z
    .array(z.string())
    .default([])
    .describe('Kernel arguments for every machine, before those of its record'),
  syslogHost: text.describe('Host the installation environment logs to (`syslog_host=`)'),
  tinkServer: text.describe('Tink server, host:port (`grpc_authority=`); empty: this host, port 42113'),
  tinkTls: z.boolean().default(false).describe('`tinkerbell_tls=`'),
  tinkInsecureTls: z.boolean().default(false).describe('`tinkerbell_insecure_tls=`'),
  registry: z.object({
    host: text.describe('Container registry of the installation environment; else taken from DOCKER_REGISTRY'),
    username: text.describe('Else taken from REGISTRY_USERNAME'),
    password: fields.secret.default('').describe('Else taken from REGISTRY_PASSWORD; never logged'),
  }),
  retries: z.int().min(0).max(100).default(1).describe('Times a boot script tries a failed download again'),
  retryDelaySeconds: z.int().min(0).max(600).default(1).describe('Seconds between two tries'),
})

export const shape = z.object({
  log: sections.log,
  links: sections.links,
  control: sections.control,
  boot: sections.boot,
  http,
})

export type Config = z.infer<typeof shape>

/** The registry credentials in force: the section's keys, else the variables of the seed documents. */
export function registryOf(
  config: Config,
  env: Readonly<Record<string, string | undefined>>,
): Config['http']['registry'] {
  const own = config.http.registry
  return {
    host: own.host || (env[REGISTRY_VARIABLES.host] ?? ''),
    username: own.username || (env[REGISTRY_VARIABLES.username] ?? ''),
    password: own.password || (env[REGISTRY_VARIABLES.password] ?? ''),
  }
}

/** Where to listen: as configured, else on every link and on loopback; each address once, for loopback may be the link. */
export function addressesOf(config: Config, links: readonly UdpLink[]): readonly ListenAddress[] {
  const own = ['127.0.0.1', ...links.map((link) => formatIpv4(link.address))]
  const named = config.http.listen.length > 0 ? config.http.listen : own
  const whole = named.map((text) => (text.includes(':') ? text : `${text}:${config.boot.httpPort}`))
  return [...new Set(whole)].map(listenAddress)
}
