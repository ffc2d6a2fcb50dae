import type { hardware } from '@reboots/api'

/** What the interface is found by besides MAC and condition, one text each; two interfaces with the same text are a mistake. */
export function matchKeys({ clientIds, circuitId, remoteId, uuid }: hardware.Match): string[] {
  const circuit = circuitId === '' ? '' : `circuit-id ${readable(circuitId)}`
  const remote = remoteId === '' ? '' : `remote-id ${readable(remoteId)}`
  return [
    ...clientIds.map((id) => `client-id ${readable(id)}`),
    ...(circuit === '' && remote === '' ? [] : [[circuit, remote].filter((part) => part !== '').join(' of ')]),
    ...(uuid === '' ? [] : [`uuid ${uuid}`]),
  ]
}

/** `0x6e6f6465 ("node")` */
function readable(hex: string): string {
  const text = Buffer.from(hex, 'hex').toString('latin1')
  return `0x${hex}${/^[\x20-\x7e]+$/.test(text) ? ` (${JSON.stringify(text)})` : ''}`
}
