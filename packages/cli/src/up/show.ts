import { CONFIG_REFUSED, formatLogLine, type ChildMessage, type UdpLink } from '@reboots/runtime'
import { formatIpv4 } from '@reboots/protocol/net'
import type { MachineFiles } from './environment.ts'
import { EXAMPLE_MACHINES } from './environment.ts'
import type { Mode, ServiceName } from './services.ts'

export type Announcement = ChildMessage & { readonly type: 'announce' }
export type Refusal = ChildMessage & { readonly type: 'fatal' }

/** What a service printed, as a line for people; lines that are no log records stay as they are. */
export function shownLine(service: ServiceName, text: string, color: boolean): string {
  const record = recordOf(text)
  if (record === undefined)
    return formatLogLine({ service, msg: text, level: 'warn', time: new Date().toISOString() }, { color })
  return formatLogLine(record, { color })
}

/** The line by which a service says what is in the table anyway. */
export function isReadyLine(text: string): boolean {
  return 'listens' in (recordOf(text) ?? {})
}

function recordOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** One row per thing that is open: service, what and where; what it answers stands at its first row. */
export function announcementTable(announcements: readonly Announcement[]): string {
  const rows = announcements.flatMap(({ service, listens, answers }) => {
    const faces = listens.filter(({ what }) => what !== 'metrics')
    const metrics = listens.filter(({ what }) => what === 'metrics').map(({ address }) => `metrics ${address}`)
    const places = [...faces.map(({ what, address }) => `${what} ${address}`), ...metrics]
    return [[service, places[0] ?? '', answers], ...places.slice(1).map((place) => ['', place, ''])]
  })
  const [service, place] = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) => `  ${row[0]!.padEnd(service!)}  ${row[1]!.padEnd(place!)}  ${row[2]!}`.trimEnd()).join('\n')
}

export interface Situation {
  readonly mode: Mode
  readonly services: readonly ServiceName[]
  readonly links: readonly UdpLink[]
  readonly machines: MachineFiles
}

/** What runs, and what to do now. */
export function introduction(situation: Situation, announcements: readonly Announcement[]): string {
  const { mode, services, links } = situation
  const waiting = services.filter((name) => !announcements.some(({ service }) => service === name))
  const state = waiting.length === 0 ? 'is ready' : `is not ready yet (${waiting.join(', ')}), it goes on trying`
  const places = links.map(({ name, address }) => `${name} (${formatIpv4(address)})`).join(', ')
  const head = `Reboots ${state}${places === '' ? '' : `, in ${mode} mode on ${places}`}.`
  return [head, announcementTable(announcements), nextSteps(situation)].filter((part) => part !== '').join('\n\n')
}

function nextSteps({ mode, services, links, machines }: Situation): string {
  const steps = [
    ...(services.includes('hardware') ? [machineStep(machines)] : []),
    ...(services.includes('proxydhcp')
      ? ['Leave your DHCP server as it is: it gives the addresses, Reboots adds the boot file.']
      : []),
    ...(mode === 'full' && services.includes('dhcp')
      ? ['Reboots gives the addresses that the records reserve. No other DHCP server should answer the same machines.']
      : []),
    ...(links.length > 0
      ? [
          `Set a machine to boot from the network (PXE or UEFI HTTP), connect it to the network of ${links.map(({ name }) => name).join(' or ')}, and switch it on.`,
        ]
      : []),
  ]
  const numbered = steps.map((step, index) => `  ${index + 1}. ${step}`)
  return ['What to do next', ...numbered, '  Every packet shows below as a line. Ctrl-C stops everything.'].join('\n')
}

function machineStep({ shown, isExample }: MachineFiles): string {
  if (!isExample) return `The machines are those of ${shown}; it is read again when it changes.`
  return `These are example machines, which exist nowhere. Write your own, and start again:\n       cp ${EXAMPLE_MACHINES} hardware.yaml`
}

/**
 * Why nothing runs: every problem once, with its remedy; one remedy for several problems stands below them. The lines of
 * configuration errors are put together, because several services read the same sections.
 */
export function shownRefusals(refusals: readonly Refusal[]): string {
  const configuration = refusals.filter(({ message }) => message === CONFIG_REFUSED)
  const byRemedy = Map.groupBy(
    refusals.filter(({ message }) => message !== CONFIG_REFUSED),
    ({ remedy }) => remedy,
  )
  const others = [...byRemedy].map(([remedy, same]) => {
    const problems = same.map(({ service, message }) => `${service}: ${message}`)
    return [...new Set(problems), indented(remedy)].join('\n')
  })
  return [...(configuration.length === 0 ? [] : [configurationErrors(configuration)]), ...others].join('\n\n')
}

function configurationErrors(refusals: readonly Refusal[]): string {
  const lines = new Set(refusals.flatMap(({ remedy }) => remedy.split('\n')))
  const inOrder = [...lines].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  return `${refusals.map(({ service }) => service).join(', ')}: ${CONFIG_REFUSED}\n${indented(inOrder.join('\n'))}`
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ')
}
