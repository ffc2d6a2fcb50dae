import { parseMac, type Instant, type Ipv4Address } from '@reboots/protocol/net'
import { historySubject, type SeenBoots } from '@reboots/rules'
import type { ScriptPorts } from './ports.ts'

/** Word from an operating system that runs. */
export interface BootedRequest {
  /** The MAC of the path, in any notation; undefined on the route that goes by source address. */
  readonly mac: string | undefined
  readonly address: Ipv4Address | undefined
}

export type BootedOutcome = 'booted' | 'not-a-mac' | 'not-synced' | 'unknown-machine'

export interface BootedAnswer {
  readonly outcome: BootedOutcome
  readonly subject?: string
}

export const BOOTED_STATUS: Readonly<Record<BootedOutcome, { readonly status: number; readonly text?: string }>> = {
  booted: { status: 204 },
  'not-a-mac': { status: 400, text: 'What follows /booted/ has to be a MAC address.' },
  'not-synced': { status: 503, text: 'The hardware records have not been received yet; try again.' },
  'unknown-machine': {
    status: 404,
    text: 'No hardware record has this address; name the machine by its MAC: /booted/<mac>',
  },
}

/** Takes notice of it. Whoever says it closes what the machine was sent last, and can do nothing else: there is no proof of who it is. */
export function onBooted(
  { mac: text, address }: BootedRequest,
  ports: Pick<ScriptPorts, 'machineByMac' | 'machineByAddress' | 'machinesSynced'>,
  boots: Pick<SeenBoots, 'add'>,
  now: Instant,
): BootedAnswer {
  const mac = text === undefined ? undefined : parseMac(text)
  if (text !== undefined && mac === undefined) return { outcome: 'not-a-mac' }
  if (!ports.machinesSynced) return { outcome: 'not-synced' }
  const known =
    mac !== undefined ? ports.machineByMac(mac) : address === undefined ? undefined : ports.machineByAddress(address)
  const named = mac ?? known?.mac
  if (known === undefined && named === undefined) return { outcome: 'unknown-machine' }
  const subject = historySubject(known?.facts, named ?? '')
  boots.add({ subject, booted: now })
  return { outcome: 'booted', subject }
}
