import type { Instant, MacAddress } from '@reboots/protocol/net'
import type { SiteFacts } from '@reboots/rules'
import type { Retries } from '../boot-script.ts'
import { decideRequest, type BootRequest, type Refused } from '../decide-request.ts'
import { scriptOf, type ScriptRefusal } from '../on-script.ts'
import type { BootPorts } from '../ports.ts'
import { renderDecided } from '../render-decided.ts'
import { linuxSpec, type BootSpec } from './spec.ts'

export type BootApiRefusal = ScriptRefusal | 'local-disk'

export type BootApiAnswer =
  | { readonly spec: BootSpec; readonly mac: MacAddress; readonly rule: string; readonly version: string }
  | Refused<BootApiRefusal>

/**
 * What pixiecore is told of a machine. A kernel goes as such, everything else as the script that iPXE would get here. A machine for its local disk is
 * refused: pixiecore leaves it alone then, and asks before it answers DHCP.
 */
export async function onBootApi(
  request: BootRequest,
  ports: BootPorts,
  site: SiteFacts,
  retries: Retries,
  now: Instant,
): Promise<BootApiAnswer> {
  const decided = decideRequest(request, 'ipxe', ports, now)
  if ('refused' in decided) return decided
  const { mac, rule, version, facts } = decided
  const known = { mac, rule, version }
  const rendered = await renderDecided(decided, ports, site, undefined)
  if (rendered.kind === 'exit') {
    return { refused: 'local-disk', text: `Rule "${rule}" leaves ${mac} to its local disk.`, ...known }
  }
  if (rendered.kind === 'linux') {
    const name = facts.machine.name === '' ? mac : `${facts.machine.name} (${mac})`
    return { spec: linuxSpec(rendered, rendered.message ?? `Reboots: ${name}`), ...known }
  }
  const answer = scriptOf(decided, rendered, request, site, retries)
  return 'refused' in answer ? answer : { spec: { 'ipxe-script': answer.script }, ...known }
}
