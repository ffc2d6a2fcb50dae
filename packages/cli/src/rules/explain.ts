import { rules, type policies } from '@reboots/api'
import { parseMac } from '@reboots/protocol/net'
import { ARCHITECTURES, UNKNOWN_ARCHITECTURE } from '@reboots/protocol/pxe'
import { print } from '../leases/print.ts'
import { numberIn, wrong, type RulesArguments } from './arguments.ts'
import type { PolicyApi } from './call.ts'
import { readDocument } from './documents.ts'

/** What a machine would get, and of each rule that was tried the clause that was false. */
export async function explain(api: PolicyApi, { values }: RulesArguments): Promise<number> {
  const policy = await policyOf(values.policy)
  const { decision } = await api.explain({ client: clientOf(values), policy, source: values.policy })
  await print(values.json ? [JSON.stringify(decision)] : explanation(decision!))
  return 0
}

type Values = RulesArguments['values']

function clientOf(values: Values): rules.DecideRequest {
  if (values.mac === '' && values.machine === '') throw wrong('--mac is missing: whom is it about?')
  if (values.mac !== '' && parseMac(values.mac) === undefined) throw wrong(`"${values.mac}" is not a MAC address`)
  return rules.DecideRequest.fromPartial({
    mac: values.mac === '' ? '00:00:00:00:00:00' : values.mac,
    arch: values.arch === '' ? UNKNOWN_ARCHITECTURE : archOf(values.arch),
    transport: values.transport,
    loader: values.loader,
    uuid: values.uuid,
    vendorClass: values['vendor-class'],
    userClass: values['user-class'],
    link: values.link,
    giaddr: values.giaddr,
    circuitId: values['circuit-id'],
    remoteId: values['remote-id'],
    clientId: values['client-id'],
    machineId: values.machine,
  })
}

/** A type of RFC 4578 by its number, or the first whose firmware has the name. */
function archOf(text: string): number {
  if (/^\d+$/.test(text)) return numberIn('arch', text, 0, 65_535)
  const found = ARCHITECTURES.find(({ firmware }) => firmware === text)
  if (found !== undefined) return found.type
  const names = [...new Set(ARCHITECTURES.map(({ firmware }) => firmware))]
  throw wrong(`--arch must be a number such as 7, or one of ${names.join(', ')}, not "${text}"`)
}

/** A file is a document that is none yet; what is not there as a file is a version. */
async function policyOf(name: string): Promise<policies.ExplainRequest['policy']> {
  if (name === '') return undefined
  return /^(?:#\d+|[0-9a-f]{4,12})$/.test(name)
    ? { $case: 'version', value: name }
    : { $case: 'document', value: await readDocument(name) }
}

export function explanation(decision: rules.DecideResponse): string[] {
  const { outcome, detail, rule, version, machineKnown, dhcpClass, trace } = decision
  const got = [outcome, detail].filter((text) => text !== '').join(' ')
  const lines = [
    `${got}, by ${rule === 'otherwise' ? rule : `rule "${rule}"`} of version ${version}`,
    ...(dhcpClass === '' ? [] : [`DHCP class ${dhcpClass}`]),
    ...(machineKnown ? [] : ['the machine has no hardware record']),
  ]
  return [...lines, ...trace.map((tried) => traceLine(tried))]
}

function traceLine({ rule, matched, condition, why }: rules.Tried): string {
  return matched ? `  yes  ${rule}: ${condition}` : `  no   ${rule}: ${why}`
}
