import { formatIpv4 } from '@reboots/protocol/net'
import { packetOf, type Frame } from '@reboots/testkit'
import { hex, mac } from '../wire/octets.ts'
import { readMessage, type Message } from '../wire/reply.ts'
import { ACK, OFFER } from '../wire/request.ts'

/** A question of a boot client, which is owed one answer. */
export interface Asked {
  readonly mac: string
  /** The port it asked at, and where its answer has to go. */
  readonly port: 67 | 4011
  readonly answerTo: string
}

/** What only a server that gives addresses has to say. */
const OF_ADDRESSES: ReadonlySet<number> = new Set([1, 3, 6, 15, 28, 50, 51, 58, 59])
const ARP = '0806'

/**
 * What is wrong with what a host that is a proxy and nothing else has put on the wire. In order is one answer to each question
 * of a boot client, an OFFER from port 67 or an ACK from port 4011, without an address in it; and ARP, by which the kernel finds whom we answer.
 */
export class Judge {
  readonly faults: string[] = []
  readonly #asked: ReadonlyMap<number, Asked>
  readonly #answered = new Set<number>()

  constructor(asked: ReadonlyMap<number, Asked>) {
    this.#asked = asked
  }

  get answered(): number {
    return this.#answered.size
  }

  look(frame: Frame): void {
    for (const fault of this.#faultsOf(frame)) this.faults.push(`${fault}: ${hex(frame.bytes.subarray(0, 320))}`)
  }

  #faultsOf(frame: Frame): string[] {
    if (hex(frame.bytes.subarray(12, 14)) === ARP) return []
    const packet = packetOf(frame)
    if (packet?.protocol !== 'udp') return ['neither ARP nor UDP']
    const { from, to, payload } = packet
    if (from.port !== 67 && from.port !== 4011) return [`from port ${from.port}`]
    const message = readMessage(payload)
    const asked = this.#asked.get(message.xid)
    if (asked === undefined) return ['nobody has asked for it']
    const faults = faultsOfReply(message, from.port, asked)
    const where = `${formatIpv4(to.address)}:${to.port}`
    if (where !== asked.answerTo) faults.push(`to ${where} instead of ${asked.answerTo}`)
    if (this.#answered.has(message.xid)) faults.push('a second answer')
    this.#answered.add(message.xid)
    return faults
  }
}

function faultsOfReply(message: Message, port: number, asked: Asked): string[] {
  const faults: string[] = []
  if (port !== asked.port) faults.push(`an answer from port ${port} to a question at ${asked.port}`)
  if (message.chaddr !== mac(asked.mac).padEnd(32, '0')) faults.push('an answer to somebody else')
  if (message.op !== 2) faults.push('not an answer')
  if (message.type !== (port === 67 ? OFFER : ACK)) faults.push(`message type ${message.type}`)
  if (message.yiaddr !== '0.0.0.0') faults.push(`the address ${message.yiaddr}`)
  const options = message.codes.filter((code) => OF_ADDRESSES.has(code))
  if (options.length > 0) faults.push(`options ${options.join(', ')}`)
  return faults
}
