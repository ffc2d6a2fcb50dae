import type { Datagram } from '@reboots/protocol/net'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { openUdpDoor, type UdpDoor, type UdpDoorOptions } from '../udp/door.ts'
import type { UdpLink } from '../udp/links.ts'
import { answerDatagram, type DhcpAnswer, type DhcpHandler, type DhcpOutcome } from './answer.ts'
import { packetFields } from './packet-line.ts'

export interface DhcpService<O extends DhcpOutcome> {
  /** Part of the metric's name. */
  readonly name: string
  readonly links: readonly UdpLink[]
  /** The ports to open on each link, and who decides there. */
  readonly doors: readonly (readonly [port: number, handler: DhcpHandler<O>])[]
  /** How loud the line of a decided packet is. What cannot be read is `debug`. */
  level(outcome: O): 'debug' | 'info' | 'warn'
  /** Fields to add to its line. */
  remarks(outcome: O): Readonly<Record<string, unknown>>
  readonly log: Log
  readonly metrics: Metrics
  /** Default: real doors. */
  readonly open?: (options: UdpDoorOptions) => Promise<UdpDoor>
}

/**
 * Opens the doors and answers what comes in there: one reply or none, one line and one count for each datagram. OperatorError when a
 * port cannot be had; then none stays open.
 */
export async function serveDhcp<O extends DhcpOutcome>(service: DhcpService<O>): Promise<readonly UdpDoor[]> {
  const { log, open = openUdpDoor } = service
  const note = noteTaker(service)
  const doors: UdpDoor[] = []
  try {
    for (const link of service.links) {
      for (const [port, handler] of service.doors) {
        const onBatch = (batch: readonly Datagram[]): void => {
          for (const datagram of batch) {
            const answer = answerDatagram(datagram, handler, link)
            if (answer.send) door.send(answer.send.bytes, answer.send.to)
            note(answer, datagram, port)
          }
        }
        const door: UdpDoor = await open({ link, port, log, onBatch })
        doors.push(door)
      }
    }
  } catch (error) {
    await Promise.all(doors.map((door) => door.close()))
    throw error
  }
  return doors
}

type NoteTaker<O extends DhcpOutcome> = (answer: DhcpAnswer<O>, datagram: Datagram, port: number) => void

function noteTaker<O extends DhcpOutcome>({ name, log, metrics, ...service }: DhcpService<O>): NoteTaker<O> {
  const packets = metrics.counter(
    `reboots_${name}_packets_total`,
    'Datagrams received, by port, by type and by what became of them',
    ['port', 'received', 'outcome'],
  )
  return (answer, datagram, port) => {
    packets.inc({ port: String(port), received: answer.received, outcome: answer.fate })
    const { outcome } = answer
    const level = outcome === undefined ? 'debug' : service.level(outcome)
    if (!log.isLevelEnabled(level)) return
    const remarks = outcome === undefined ? {} : service.remarks(outcome)
    log[level]({ ...packetFields(answer, datagram, port), ...remarks }, 'packet')
  }
}
