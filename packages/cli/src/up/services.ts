import { didYouMean, OperatorError } from '@reboots/runtime'

/** Every service, in the order they are started and shown: the control plane, then what faces the machines. */
export const SERVICES = ['hardware', 'rules-engine', 'dhcp', 'proxydhcp', 'tftp', 'ipxe-http'] as const

export type ServiceName = (typeof SERVICES)[number]

export type Mode = 'proxy' | 'full'

/** Those that answer machines, on a network interface. */
export const FACING_MACHINES: readonly ServiceName[] = ['dhcp', 'proxydhcp', 'tftp', 'ipxe-http']

/** In each mode one service answers on port 67, and not the other. */
const LEFT_OUT: Readonly<Record<Mode, ServiceName>> = { proxy: 'dhcp', full: 'proxydhcp' }

/** The services to start. OperatorError for a name that is none, for nothing left, and for two that need the same port. */
export function chooseServices(mode: Mode, only: readonly string[], without: readonly string[]): ServiceName[] {
  const wanted = only.length > 0 ? only.map(serviceNamed) : SERVICES.filter((name) => name !== LEFT_OUT[mode])
  const unwanted = new Set(without.map(serviceNamed))
  const chosen = SERVICES.filter((name) => wanted.includes(name) && !unwanted.has(name))
  if (chosen.length === 0)
    throw new OperatorError('no service is left to start', `Name at least one of: ${SERVICES.join(', ')}.`)
  if (chosen.includes('dhcp') && chosen.includes('proxydhcp')) {
    throw new OperatorError(
      'dhcp and proxydhcp both answer on port 67, and one of them is enough',
      'dhcp gives addresses and boot files (--mode full); proxydhcp adds boot files beside another DHCP server (--mode proxy).',
    )
  }
  return chosen
}

function serviceNamed(name: string): ServiceName {
  const found = SERVICES.find((service) => service === name)
  if (found === undefined)
    throw new OperatorError(`there is no service "${name}"${didYouMean(name, SERVICES)}`, 'See: reboots help up')
  return found
}
