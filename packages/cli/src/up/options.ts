import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { OperatorError } from '@reboots/runtime'
import { readOptions } from '../command.ts'
import { mayColor } from '../repository.ts'
import { chooseServices, type Mode, type ServiceName } from './services.ts'

export interface UpOptions {
  readonly mode: Mode
  readonly services: readonly ServiceName[]
  /** Empty: those of the configuration, else the one of the default route. */
  readonly interfaces: readonly string[]
  /** Port 67 belongs to another program of this host. */
  readonly noBind: boolean
  /** Absolute. */
  readonly config: string | undefined
  readonly hardware: string | undefined
  readonly color: boolean
}

/** What the command line says; OperatorError for anything in it that cannot be meant. */
export function upOptions(args: readonly string[]): UpOptions {
  const values = readOptions('up', args, {
    mode: { type: 'string', default: 'proxy' },
    interface: { type: 'string', multiple: true, default: [] },
    'no-bind': { type: 'boolean', default: false },
    config: { type: 'string' },
    hardware: { type: 'string' },
    only: { type: 'string', multiple: true, default: [] },
    without: { type: 'string', multiple: true, default: [] },
    'no-color': { type: 'boolean', default: false },
  })
  const mode = modeOf(values.mode)
  const services = chooseServices(mode, words(values.only), words(values.without))
  if (values['no-bind'] && !services.includes('proxydhcp'))
    throw new OperatorError('--no-bind is for proxydhcp, which is not started', 'Leave it out, or use --mode proxy.')
  return {
    mode,
    services,
    noBind: values['no-bind'],
    interfaces: words(values.interface),
    config: existing('--config', values.config),
    hardware: existing('--hardware', values.hardware),
    color: !values['no-color'] && mayColor(process.stdout),
  }
}

function modeOf(text: string): Mode {
  if (text === 'proxy' || text === 'full') return text
  throw new OperatorError(
    `--mode must be proxy or full, not "${text}"`,
    'proxy: another DHCP server gives addresses, Reboots adds the boot files. full: Reboots is the DHCP server.',
  )
}

function words(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(',')).filter((word) => word !== '')
}

function existing(option: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  const absolute = resolve(path)
  if (!existsSync(absolute))
    throw new OperatorError(
      `${option} ${path}: there is no ${absolute}`,
      'Check the path; it is relative to the current directory.',
    )
  return absolute
}
