import type { BootClient } from './boot-client.ts'

/**
 * Whether this is an iPXE that says what it can do (option 175), and cannot fetch by HTTP: a URL is of no use to it. Builds of cards are
 * often like that, to be small. One that lists nothing is taken at its word that it is an iPXE; `Tinkerbell` is never the card's own.
 */
export function lacksHttp({ loader, transport, ipxe, userClass }: BootClient): boolean {
  if (loader !== 'ipxe' || transport !== 'tftp' || ipxe === undefined) return false
  const { features } = ipxe
  return features.length > 0 && !features.some((name) => HTTP.has(name)) && !userClass.includes('Tinkerbell')
}

const HTTP: ReadonlySet<string> = new Set(['http', 'https'])
