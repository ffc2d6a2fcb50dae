import type { Instant, MacAddress } from '@reboots/protocol/net'
import type { ConfiguredLoader, LoaderConfigName } from '@reboots/protocol/pxe'
import { renderConfig, type Sent, type SiteFacts } from '@reboots/rules'
import { configSent } from './sent.ts'
import { decideRequest, type BootRequest, type Refusal, type Refused } from './decide-request.ts'
import type { ScriptPorts } from './ports.ts'

export type ConfigRefusal = Refusal | 'profile-not-renderable' | 'not-for-this-loader'

export type ConfigAnswer =
  | {
      readonly config: string
      readonly mac: MacAddress
      readonly rule: string
      readonly version: string
      /** It makes the machine boot something. */
      readonly sent?: Sent
    }
  | Refused<ConfigRefusal>

/** Leaves for the firmware's next boot device. */
const LEAVE: Readonly<Record<ConfiguredLoader, string>> = {
  grub: 'exit\n',
  pxelinux: 'DEFAULT disk\nLABEL disk\n  LOCALBOOT -1\n',
}

/**
 * The configuration that GRUB or PXELINUX reads for a machine. The facts are those of its firmware, as when it was given the loader; the architecture
 * is that of its record, since the loader says none.
 */
export function onConfig(
  { loader, mac }: LoaderConfigName,
  request: BootRequest,
  ports: ScriptPorts,
  site: SiteFacts,
  now: Instant,
): ConfigAnswer {
  const decided = decideRequest({ ...request, mac }, 'firmware', ports, now)
  if ('refused' in decided) return decided
  const { rule, version, facts, policy, decision } = decided
  if (decision.kind === 'local-disk') return { config: LEAVE[loader], mac, rule, version }
  const rendered = renderConfig(policy, decision, facts, site, loader)
  if (rendered === undefined) {
    const text = `Rule "${rule}" gives ${mac} nothing for ${loader}.`
    return { refused: 'not-for-this-loader', text, mac, rule, version }
  }
  if ('failed' in rendered) {
    const text = `Rule "${rule}" boots ${mac} from a profile that does not work out for it: ${rendered.failed}`
    return { refused: 'profile-not-renderable', text, mac, rule, version }
  }
  return { config: withNewline(rendered.text), mac, rule, version, sent: configSent(decided, loader) }
}

function withNewline(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`
}
