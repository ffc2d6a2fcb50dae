import { constants } from 'node:os'
import { setImmediate as turn } from 'node:timers/promises'
import type { Ipv4Address, MacAddress } from '@reboots/protocol/net'
import type { UdpLink } from './links.ts'
import type { Native } from './native.ts'
import { PollSet } from './poll-set.ts'
import { DatagramSlots, SlotHeaders, type SlotLayout } from './slots.ts'

const { EAGAIN, EPERM } = constants.errno

export const LINK: UdpLink = {
  name: 'eth0',
  index: 2,
  address: 1 as Ipv4Address,
  mask: 1 as Ipv4Address,
  hardwareAddress: '02:00:00:00:00:01' as MacAddress,
}
const LAYOUT: SlotLayout = {
  headerSize: 64,
  vectorSize: 16,
  received: 56,
  length: 8,
  write: () => {},
  controlSize: 24,
  writeSegmentSize: () => {},
  writeRun: () => {},
  addressOf: () => 0n,
}

/** A kernel whose answers are given beforehand: how many datagrams it takes or has, or minus an errno. Afterwards it takes all and has none. */
export class Kernel implements Native {
  readonly takes: number[] = []
  readonly has: number[] = []
  /** Ports of the datagrams taken, call by call. */
  readonly taken: number[][] = []
  readonly awaited: string[] = []
  index = 2
  dropped = 0
  ready: (failed: boolean) => void = () => {}

  openSocketOn = () => 7
  openSharedSocketOn = () => 7
  portOf = () => 67
  indexOf = () => this.index
  drops = () => this.dropped
  slots = (count: number) => new DatagramSlots(count, LAYOUT)
  sharedSlots = (count: number) => new DatagramSlots(count, LAYOUT, SharedArrayBuffer)
  slotsAt = (count: number, control: SharedArrayBuffer) => new SlotHeaders(count, LAYOUT, control)
  pollSet = (room: number) => new PollSet(room, () => 0n)
  openBell = () => 8
  ring = () => void this.awaited.push('bell')
  silence = () => void this.awaited.push('silence')
  /** Returns at once, with nothing ready. */
  wait: Native['wait'] = () => void this.awaited.push('sleep')
  joinGroup = (_fd: number, link: string, group: Ipv4Address) => void this.awaited.push(`${link} joins ${group}`)
  bindToDevice = () => void this.awaited.push('bind to device')
  setNeighbour: Native['setNeighbour'] = () => void this.taken.push([])
  close = () => void this.awaited.push('close')
  receive: Native['receive'] = () => this.has.shift() ?? -EAGAIN
  send(_fd: number, slots: SlotHeaders, first: number, count: number): number {
    const takes = Math.min(this.takes.shift() ?? count, count)
    if (takes > 0) this.taken.push(Array.from({ length: takes }, (_, i) => slots.port(first + i)))
    return takes
  }
  watch(_fd: number, ready: (failed: boolean) => void) {
    this.ready = ready
    return {
      forReading: () => void this.awaited.push('reading'),
      forWriting: () => void this.awaited.push('writing'),
      stop: () => void this.awaited.push('nothing'),
      close: () => void this.awaited.push('end'),
    }
  }
  /** As libuv does: wakes, and the loop goes round. */
  async wake(failed = false): Promise<void> {
    this.ready(failed)
    await turn()
  }
}

/** Four datagrams are sent while a batch is handled. What the kernel does with them, call by call, and what became of them. */
export const SENDING = [
  { name: 'all at once', takes: [], taken: [[1, 2, 3, 4]], sent: 4, unsent: 0, awaited: [] },
  { name: 'some, then the rest', takes: [3], taken: [[1, 2, 3], [4]], sent: 4, unsent: 0, awaited: [] },
  { name: 'interrupted', takes: [-constants.errno.EINTR], taken: [[1, 2, 3, 4]], sent: 4, unsent: 0, awaited: [] },
  { name: 'the first refused', takes: [-EPERM], taken: [[2, 3, 4]], sent: 3, unsent: 1, awaited: [] },
  { name: 'one in between refused', takes: [2, -EPERM], taken: [[1, 2], [4]], sent: 3, unsent: 1, awaited: [] },
  { name: 'all refused', takes: [-EPERM, -EPERM, -EPERM, -EPERM], taken: [], sent: 0, unsent: 4, awaited: [] },
  { name: 'no room at all', takes: [-EAGAIN], taken: [], sent: 0, unsent: 0, awaited: ['writing'] },
  { name: 'no room after two', takes: [2, -EAGAIN], taken: [[1, 2]], sent: 2, unsent: 0, awaited: ['writing'] },
] as const
