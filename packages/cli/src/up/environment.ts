import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse } from 'yaml'
import { ROOT } from '../repository.ts'
import type { UpOptions } from './options.ts'

/** Machines that exist nowhere: shows the form, and disturbs nobody. */
export const EXAMPLE_MACHINES = `${ROOT}/deploy/examples/hardware.yaml`

/** A file of this name in the current directory is taken for the machines when nothing else is said. */
const OWN_MACHINES = 'hardware.yaml'

/** What the services get to know: our environment, and over it the command line. */
export function serviceEnvironment(options: UpOptions, base: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const machines = machineFiles(options, base)
  return {
    ...base,
    // Lines are read here and shown for people.
    REBOOTS_LOG_FORMAT: 'json',
    ...(options.config === undefined ? {} : { REBOOTS_CONFIG: options.config }),
    ...(options.interfaces.length === 0 ? {} : { REBOOTS_LINKS_INTERFACES: options.interfaces.join(',') }),
    ...(options.noBind && { REBOOTS_PROXYDHCP_PORT67: 'capture' }),
    // As JSON: the path may hold a comma, at which a list in a variable is parted.
    ...(machines.set === undefined ? {} : { REBOOTS_HARDWARE_FILES: JSON.stringify([machines.set]) }),
  }
}

export interface MachineFiles {
  /** One path, to be handed to the hardware service; undefined when its configuration says it. */
  readonly set: string | undefined
  /** For people. */
  readonly shown: string
  readonly isExample: boolean
}

/** Where the machines are read from: --hardware, the environment, the configuration, ./hardware.yaml, the example. */
export function machineFiles(options: UpOptions, base: NodeJS.ProcessEnv): MachineFiles {
  if (options.hardware !== undefined) return { set: options.hardware, shown: options.hardware, isExample: false }
  const named = base['REBOOTS_HARDWARE_FILES'] || configuredFiles(options.config ?? base['REBOOTS_CONFIG'])
  if (named !== undefined) return { set: undefined, shown: named, isExample: false }
  const own = resolve(OWN_MACHINES)
  if (existsSync(own)) return { set: own, shown: own, isExample: false }
  return { set: EXAMPLE_MACHINES, shown: EXAMPLE_MACHINES, isExample: true }
}

/** Only whether and what; the services check the file, and say what is wrong with it. */
function configuredFiles(config: string | undefined): string | undefined {
  if (config === undefined || config === '') return undefined
  try {
    const document = parse(readFileSync(config, 'utf8')) as { hardware?: { files?: unknown } } | null
    const files = document?.hardware?.files
    if (files === undefined || files === null || (Array.isArray(files) && files.length === 0)) return undefined
    return Array.isArray(files) ? files.join(', ') : JSON.stringify(files)
  } catch {
    return config
  }
}
