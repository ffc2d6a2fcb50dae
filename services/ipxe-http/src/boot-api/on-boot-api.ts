import type { Instant, MacAddress } from '@reboots/protocol/net'
import { renderBoot, type SiteFacts } from '@reboots/rules'
import type { Retries } from '../boot-script.ts'
import { decideRequest, type BootRequest, type Refused } from '../decide-request.ts'
import { onScript, type ScriptRefusal } from '../on-script.ts'
import type { ScriptPorts } from '../ports.ts'
import { linuxSpec, type BootSpec } from './spec.ts'

export type BootApiRefusal = ScriptRefusal | 'local-disk'

export type BootApiAnswer =
  | { readonly spec: BootSpec; readonly mac: MacAddress; readonly rule: string; readonly version: string }
  | Refused<BootApiRefusal>

/**
 * What pixiecore is told of a machine. A kernel goes as such, everything else as the script that iPXE would get here. A machine for its local disk is
 * refused: pixiecore leaves it alone then, and asks before it answers DHCP.
 */
export function onBootApi(
  request: BootRequest,
  ports: ScriptPorts,
  site: SiteFacts,
  retries: Retries,
  now: Instant,
): BootApiAnswer {
  const decided = decideRequest(request, 'ipxe', ports, now)
  if ('refused' in decided) return decided
  const { mac, rule, version, facts, policy, decision } = decided
  const known = { mac, rule, version }
  if (decision.kind === 'local-disk') {
    return { refused: 'local-disk', text: `Rule "${rule}" leaves ${mac} to its local disk.`, ...known }
  }
  const rendered = renderBoot(policy, decision, facts, site)
  if (rendered.kind === 'linux') {
    const name = facts.machine.name === '' ? mac : `${facts.machine.name} (${mac})`
    return { spec: linuxSpec(rendered, `Reboots: ${name}`), ...known }
  }
  const answer = onScript(request, ports, site, retries, now)
  return 'refused' in answer ? answer : { spec: { 'ipxe-script': answer.script }, ...known }
}
