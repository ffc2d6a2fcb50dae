import type { Packet } from '@reboots/testkit'
import type { Machine, Stage } from '../machine.ts'
import { describeSighting, type Line, type Names } from './describe.ts'
import { observe } from './observer.ts'

const WIDTHS = { channel: 7, parties: 34 }
/** The kernel says much about the compiler in its first line. */
const LONGEST_TEXT = 60
const COLOURS: Readonly<Record<Line['channel'], number>> = { DHCP: 33, TFTP: 36, HTTP: 32, console: 35, '': 1 }

/** The boot of a machine as text: a line per event, with the seconds since it was switched on. */
export function formatTimeline(machine: Machine, packets: readonly Packet[], names: Names): string {
  const seen = observe(packets).map((sighting) => ({ at: sighting.packet.at, line: describeSighting(sighting, names) }))
  const said = machine.stages.map((stage) => ({ at: stage.at, line: stageLine(stage) }))
  return [...seen, ...said]
    .sort((a, b) => a.at - b.at)
    .map(({ at, line }) => formatLine(at - machine.poweredOnAt, line, false))
    .join('\n')
}

export function stageLine({ name, text }: Stage): Line {
  return {
    channel: 'console',
    parties: name,
    text: text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text,
  }
}

/** One line; `after` is in milliseconds. */
export function formatLine(after: number, { channel, parties, text }: Line, colour: boolean): string {
  const time = `${(after / 1000).toFixed(3).padStart(8)} s`
  const start = channel.padEnd(WIDTHS.channel)
  const rest = `${parties.padEnd(WIDTHS.parties)} ${text}`
  return colour
    ? `\x1b[2m${time}\x1b[0m  \x1b[${COLOURS[channel]}m${start}\x1b[0m ${rest}`
    : `${time}  ${start} ${rest}`
}
