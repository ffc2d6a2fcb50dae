import { IpxeValueError } from '@reboots/protocol/ipxe'
import type { Instant, MacAddress } from '@reboots/protocol/net'
import type { RenderedBoot, Sent, SiteFacts } from '@reboots/rules'
import { bootSent } from './sent.ts'
import { bootScript, type Retries } from './boot-script.ts'
import { decideRequest, type BootRequest, type Decided, type Refusal, type Refused } from './decide-request.ts'
import type { BootPorts } from './ports.ts'
import { renderDecided } from './render-decided.ts'

export type ScriptRefusal = Refusal | 'profile-not-renderable'

export type ScriptAnswer =
  | {
      readonly script: string
      readonly mac: MacAddress
      readonly rule: string
      readonly version: string
      readonly boots: string
      /** It makes the machine boot something. */
      readonly sent?: Sent
    }
  | Refused<ScriptRefusal>

/** The boot script of a machine: the same policy and the same facts as in its DHCP answer, one stage later. */
export async function onScript(
  request: BootRequest,
  ports: BootPorts,
  site: SiteFacts,
  retries: Retries,
  now: Instant,
): Promise<ScriptAnswer> {
  const decided = decideRequest(request, 'ipxe', ports, now)
  if ('refused' in decided) return decided
  return scriptOf(decided, await renderDecided(decided, ports, site, request.item), request, site, retries)
}

/** What was rendered, as a script. */
export function scriptOf(
  decided: Decided,
  rendered: RenderedBoot,
  request: BootRequest,
  site: SiteFacts,
  retries: Retries,
): ScriptAnswer {
  const { mac, rule, version, facts } = decided
  if (rendered.kind === 'failed') {
    const text = `Rule "${rule}" boots ${mac} from a profile that does not work out for it: ${rendered.message}`
    return { refused: 'profile-not-renderable', text, mac, rule, version }
  }
  const itemUrl = (item: number): string => scriptUrl(site.http, mac, request, item)
  try {
    const script = bootScript(rendered, facts, retries, itemUrl)
    const sent = bootSent(decided, rendered.kind, request.item)
    return { script, mac, rule, version, boots: rendered.kind, ...(sent && { sent }) }
  } catch (error) {
    if (!(error instanceof IpxeValueError)) throw error
    const text = `Rule "${rule}" boots ${mac}: ${error.message}`
    return { refused: 'profile-not-renderable', text, mac, rule, version }
  }
}

/** The same script with an entry of its menu chosen: decided on the same facts. */
function scriptUrl(origin: string, mac: MacAddress, request: BootRequest, item: number): string {
  const { arch, uuid, machine, network } = request
  const { giaddr, circuitId, remoteId } = network
  const query = [
    ...(arch === undefined ? [] : [`arch=${arch}`]),
    `item=${item}`,
    ...(machine === undefined ? [] : [`machine=${encodeURIComponent(machine.toWellFormed())}`]),
    ...Object.entries({ giaddr, circuitId, remoteId }).flatMap(([name, value]) =>
      value === '' ? [] : [`${name}=${value}`],
    ),
    ...(uuid === undefined ? [] : [`uuid=${uuid}`]),
  ]
  return `${origin}/ipxe/script/${mac}/auto.ipxe?${query.join('&')}`
}
