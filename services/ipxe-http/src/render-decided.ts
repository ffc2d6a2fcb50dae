import { renderBoot, type RenderedBoot, type SiteFacts } from '@reboots/rules'
import type { Decided } from './decide-request.ts'
import type { BootPorts } from './ports.ts'

/** What was decided, as something to do; somebody else may have to be asked for it. */
export async function renderDecided(
  { policy, decision, facts, mac }: Decided,
  { ask }: BootPorts,
  site: SiteFacts,
  item: number | undefined,
): Promise<RenderedBoot> {
  const told = decision.kind === 'ask' ? await ask(decision, mac) : undefined
  return told ?? renderBoot(policy, decision, facts, site, item)
}
