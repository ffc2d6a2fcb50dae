import { DecodeError } from '@reboots/protocol/bytes'
import type { Datagram, Instant, Ipv4Address } from '@reboots/protocol/net'
import type { Probe } from '../probe/prober.ts'
import type { DoorWay, UdpDoor, UdpDoorOptions } from '../udp/door.ts'
import { Complaints } from '../udp/complaints.ts'
import type { UdpLink } from '../udp/links.ts'
import { answerDatagram, type DhcpAnswer, type DhcpDecider, type DhcpHandler, type DhcpOutcome } from './answer.ts'
import { answerOf, droppedAnswer, malformedAnswer, readMessage } from './answer.ts'
import { keptBatch } from './kept-batch.ts'
import { LinkDoors, type AtLink, type Send } from './link-doors.ts'
import { noteTaker, type NoteOptions, type TakeNote } from './note.ts'
import { WaitingRoom, type Dropped } from './waiting-room.ts'

interface Surroundings<O extends DhcpOutcome> extends NoteOptions<O> {
  readonly links: readonly UdpLink[]
  /** Multicast groups that a port hears besides. */
  readonly groups?: ReadonlyMap<number, readonly Ipv4Address[]> | undefined
  /** Of the doors. */
  readonly ioThread?: UdpDoorOptions['ioThread']
  /** Ports that are not bound, and how else they are heard. */
  readonly ways?: ReadonlyMap<number, DoorWay> | undefined
  /** Default: real doors. */
  readonly open?: (options: UdpDoorOptions) => Promise<UdpDoor>
}

/** A service that decides everything at once. */
export interface DhcpService<O extends DhcpOutcome> extends Surroundings<O> {
  /** The ports to open on each link, and who decides there. */
  readonly doors: readonly (readonly [port: number, handler: DhcpHandler<O>])[]
}

/** A service whose replies may have to wait for steps in a store. */
export interface DhcpStoreService<O extends DhcpOutcome, Step, Result> extends Surroundings<O> {
  readonly doors: readonly (readonly [port: number, decider: DhcpDecider<O, Step, Result>])[]
  /** Carries out a step that nothing has to wait for; undefined, and nothing has happened: it is one for `run`. Absent: all are. */
  readonly attempt?: ((step: Step, now: Instant) => Result | undefined) | undefined
  /** Carries out steps in their order and resolves, with one result for each, when they are durable; never rejects. */
  readonly run: (steps: readonly Step[], now: Instant) => Promise<readonly Result[]>
  /** Asks whether somebody uses an address; absent: every address is taken for free. */
  readonly probe?: Probe | undefined
}

/** Messages whose steps are being carried out, and messages that wait for that: some 2 MB each. */
const MOST_RUNNING = 2048
const MOST_WAITING = 2048

/** A door that had so many datagrams at once has more. */
const FULL_BATCH = 64

/** Every reply is written here and sent before the next one is: new memory for each would cost more than composing it. */
const scratch = new Uint8Array(2048)

/**
 * Opens the doors and answers what comes in there: one reply or none, one line and one count for each datagram. OperatorError when a
 * port cannot be had; then none stays open. Other links later: `serve` of what it returns.
 */
export function serveDhcp<O extends DhcpOutcome>(service: DhcpService<O>): Promise<LinkDoors> {
  const note = noteTaker(service)
  return openDoors(service, service.doors, (handler, at, send, port) => (batch) => {
    for (const datagram of batch) {
      const answer = answerDatagram(datagram, handler, at.link, scratch)
      send(answer)
      note(answer, datagram, port)
    }
  })
}

/**
 * As `serveDhcp`, for deciders that may ask for steps in a store or for a probe first. The steps of a batch that have to wait are carried
 * out by one call, and their replies leave when it is done; nothing else waits, and nobody for a probe of another client. See WaitingRoom
 * for the order of things and for overload.
 */
export function serveDhcpWithStore<O extends DhcpOutcome, Step, Result>(
  service: DhcpStoreService<O, Step, Result>,
): Promise<LinkDoors> {
  const note = noteTaker(service)
  const { run, attempt, probe, name, log, metrics } = service
  const complaints = new Complaints(log, {})
  const bounds = { mostRunning: MOST_RUNNING, mostWaiting: MOST_WAITING }
  const room = new WaitingRoom<O, Step, Result>({ run, attempt, probe, ...bounds })
  const gauge = metrics.gauge(`reboots_${name}_packets_waiting`, 'Datagrams that wait for the lease store')
  metrics.onScrape(() => gauge.set(room.size))
  return openDoors(service, service.doors, (decide, at, send, port) => (batch) => {
    const finish = sendAndNote(send, note, port)
    for (const datagram of keptBatch(batch)) {
      const message = readMessage(datagram.bytes)
      if (message instanceof DecodeError) {
        note(malformedAnswer(message), datagram, port)
        continue
      }
      const done = (outcome: O | Dropped): void => {
        if (typeof outcome !== 'string') return finish(answerOf(message, outcome, scratch), datagram)
        if (outcome === 'overloaded')
          complaints.warn('messages dropped', 'the lease store does not keep up', () => ({ waiting: room.size }))
        finish(droppedAnswer(message, outcome), datagram)
      }
      room.enter({ message, datagram, at, decide, done })
    }
    room.settle(batch.length >= FULL_BATCH)
  })
}

function sendAndNote<O extends DhcpOutcome>(send: Send, note: TakeNote<O>, port: number) {
  return (answer: DhcpAnswer<O>, datagram: Datagram): void => {
    send(answer)
    note(answer, datagram, port)
  }
}

async function openDoors<O extends DhcpOutcome, H>(
  { links, groups, ioThread, ways, log, metrics, open }: Surroundings<O>,
  wanted: readonly (readonly [port: number, handler: H])[],
  reader: (handler: H, at: AtLink, send: Send, port: number) => UdpDoorOptions['onBatch'],
): Promise<LinkDoors> {
  const doors = new LinkDoors({
    wanted: wanted.map(([port, handler]) => [port, (at: AtLink, send: Send) => reader(handler, at, send, port)]),
    groups,
    open,
    ioThread,
    ways,
    log,
    metrics,
  })
  await doors.begin(links)
  return doors
}
