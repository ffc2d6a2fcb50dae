import type { ClientFacts, MachineFacts, NetworkFacts } from './facts.ts'
import { HISTORY_FIELDS } from './expression/history-type.ts'
import type { SiteFacts } from './site.ts'

/** The CEL type of a field, or the fields of a record. */
export type FieldType = ScalarType | { readonly [field: string]: FieldType }
export type ScalarType = 'string' | 'bool' | 'int' | 'list<string>' | 'map<string, string>' | 'map<string, dyn>'

/** Binds the tables below to the interfaces: a field missing here, or of another type, does not compile. */
type SchemaOf<T> = T extends string
  ? 'string'
  : T extends boolean
    ? 'bool'
    : T extends number
      ? 'int'
      : T extends readonly string[]
        ? 'list<string>'
        : string extends keyof T
          ? T extends Readonly<Record<string, string>>
            ? 'map<string, string>'
            : 'map<string, dyn>'
          : { readonly [K in keyof T]: SchemaOf<T[K]> }

const client: SchemaOf<ClientFacts> = {
  mac: 'string',
  oui: 'string',
  arch: 'int',
  firmware: 'string',
  transport: 'string',
  loader: 'string',
  uuid: 'string',
  vendorClass: 'string',
  userClass: 'list<string>',
  ipxe: { version: 'string', features: 'list<string>', busId: 'string' },
}

const network: SchemaOf<NetworkFacts> = {
  link: 'string',
  giaddr: 'string',
  circuitId: 'string',
  remoteId: 'string',
  relayFlags: 'list<string>',
  subnet: 'string',
}

const machine: SchemaOf<MachineFacts> = {
  known: 'bool',
  id: 'string',
  name: 'string',
  arch: 'string',
  facility: 'string',
  agentId: 'string',
  state: 'string',
  labels: 'map<string, string>',
  tags: 'list<string>',
  metadata: 'map<string, dyn>',
  interface: {
    mac: 'string',
    name: 'string',
    uefi: 'bool',
    isoUrl: 'string',
    address: 'string',
    hostname: 'string',
    vlanId: 'string',
  },
  netboot: {
    allowPxe: 'bool',
    allowWorkflow: 'bool',
    ipxe: { url: 'string', contents: 'string', binary: 'string' },
    osie: { baseUrl: 'string', kernel: 'string', initrd: 'string', kernelParams: 'list<string>' },
  },
}

const site: SchemaOf<SiteFacts> = {
  osieUrl: 'string',
  kernelName: 'string',
  initrdName: 'string',
  tinkServer: 'string',
  tinkTls: 'bool',
  tinkInsecureTls: 'bool',
  syslogHost: 'string',
  http: 'string',
  extraKernelArgs: 'list<string>',
  registry: { host: 'string', username: 'string', password: 'string' },
}

/** What conditions see, beside `now`. */
export const FACT_SCHEMA = { client, network, machine }
/** What templates see on top. */
export const SITE_SCHEMA = { site }

/** Every path a rule may name: `client.mac`, `machine.netboot.osie.kernel`, … and `now`. */
export function factPaths(): readonly string[] {
  const history = Object.keys(HISTORY_FIELDS).map((field) => `history.${field}`)
  return [...leaves('', FACT_SCHEMA), ...history, 'now']
}

function leaves(prefix: string, fields: { readonly [field: string]: FieldType }): string[] {
  return Object.entries(fields).flatMap(([name, type]) =>
    typeof type === 'string' ? [prefix + name] : leaves(`${prefix}${name}.`, type),
  )
}
