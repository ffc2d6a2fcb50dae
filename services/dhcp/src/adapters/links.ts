import type { Datagram } from '@reboots/protocol/net'
import { openUdpDoor, type Log, type Metrics, type UdpDoor, type UdpLink } from '@reboots/runtime'
import { answer, type Answer } from '../answer.ts'
import { fieldsOf, levelOf } from '../packet-line.ts'
import type { Ports } from '../ports.ts'

/** RFC 2131 §4.1 */
const SERVER_PORT = 67

/** Opens the DHCP server port on every link and answers what comes in there. OperatorError when a port cannot be had. */
export async function serveLinks(
  links: readonly UdpLink[],
  ports: Ports,
  log: Log,
  metrics: Metrics,
): Promise<readonly UdpDoor[]> {
  const count = packetCounter(metrics)
  const doors: UdpDoor[] = []
  try {
    for (const link of links) {
      const door: UdpDoor = await openUdpDoor({
        link,
        port: SERVER_PORT,
        log,
        onBatch(batch) {
          for (const datagram of batch) {
            const answered = answer(datagram, link, ports)
            if (answered.send) door.send(answered.send.bytes, answered.send.to)
            count(answered)
            writeLine(log, answered, datagram)
          }
        },
      })
      doors.push(door)
    }
  } catch (error) {
    await Promise.all(doors.map((door) => door.close()))
    throw error
  }
  return doors
}

function packetCounter(metrics: Metrics): (answered: Answer) => void {
  const packets = metrics.counter(
    'reboots_dhcp_packets_total',
    'Datagrams received, by type and by what became of them',
    ['received', 'outcome'],
  )
  return ({ received, fate }) => packets.inc({ received, outcome: fate })
}

function writeLine(log: Log, answered: Answer, datagram: Datagram): void {
  const level = levelOf(answered)
  if (log.isLevelEnabled(level)) log[level](fieldsOf(answered, datagram), 'packet')
}
