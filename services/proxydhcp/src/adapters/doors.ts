import type { Datagram } from '@reboots/protocol/net'
import { openUdpDoor, type Log, type Metrics, type UdpDoor, type UdpDoorOptions, type UdpLink } from '@reboots/runtime'
import { answer, type Answer, type Handler } from '../answer.ts'
import { handle } from '../handle.ts'
import { onBootServer } from '../on-boot-server.ts'
import { fieldsOf, levelOf } from '../packet-line.ts'
import type { Ports } from '../ports.ts'

/** The DHCP server port (RFC 2131 §4.1) and that of PXE boot servers (PXE 2.1 §2.2.5). */
export const DOORS: readonly (readonly [port: number, handler: Handler])[] = [
  [67, handle],
  [4011, onBootServer],
]

export interface Surroundings {
  readonly log: Log
  readonly metrics: Metrics
  readonly open?: (options: UdpDoorOptions) => Promise<UdpDoor>
}

/** Opens both ports on every link and answers what comes in there. OperatorError when one cannot be had; then none stays open. */
export async function openDoors(
  links: readonly UdpLink[],
  ports: Ports,
  { log, metrics, open = openUdpDoor }: Surroundings,
): Promise<readonly UdpDoor[]> {
  const count = packetCounter(metrics)
  const doors: UdpDoor[] = []
  try {
    for (const link of links) {
      for (const [port, handler] of DOORS) {
        const onBatch = (batch: readonly Datagram[]): void => {
          for (const datagram of batch) serve(datagram)
        }
        const serve = (datagram: Datagram): void => {
          const answered = answer(datagram, handler, link, ports)
          if (answered.send) door.send(answered.send.bytes, answered.send.to)
          count(answered, port)
          writeLine(log, answered, datagram, port)
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

function writeLine(log: Log, answered: Answer, datagram: Datagram, port: number): void {
  const level = levelOf(answered)
  if (log.isLevelEnabled(level)) log[level](fieldsOf(answered, datagram, port), 'packet')
}

function packetCounter(metrics: Metrics): (answered: Answer, port: number) => void {
  const packets = metrics.counter(
    'reboots_proxydhcp_packets_total',
    'Datagrams received, by port, by type and by what became of them',
    ['port', 'received', 'outcome'],
  )
  return ({ received, fate }, port) => packets.inc({ port: String(port), received, outcome: fate })
}
