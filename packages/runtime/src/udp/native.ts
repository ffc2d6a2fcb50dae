import { constants, endianness } from 'node:os'
import { LIMITED_BROADCAST, UNSPECIFIED, type Ipv4Address } from '@reboots/protocol/net'
import { systemErrorOf } from './errno.ts'
import { slotLayout } from './slot-layout.ts'
import { DatagramSlots, SlotHeaders, type SlotLayout } from './slots.ts'
import { PollSet } from './poll-set.ts'
import { Runs } from './runs.ts'
import {
  AF_INET,
  arpRequest,
  cString,
  groupMembership,
  nativeInt,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  socketAddress,
  SOCKADDR_LENGTH,
} from './structs.ts'

/**
 * What sockets need beyond node:dgram: to belong to one interface, to reach a client that cannot answer ARP yet, and to read and
 * write many datagrams with one call. Whatever fails throws an Error with `code`, but for `receive` and `send`.
 */
export interface Native {
  /** A UDP socket on 0.0.0.0:port of one interface, that never blocks; its file descriptor. */
  openSocketOn(link: string, port: number): number
  /** One that hears only what is sent to 255.255.255.255, and lets others have the port that share it, too (SO_REUSEADDR). */
  openSharedSocketOn(link: string, port: number): number
  /** Ties the socket to the interface that has this name now. */
  bindToDevice(fd: number, link: string): void
  /** Makes the socket hear a multicast group on an interface (RFC 1112). */
  joinGroup(fd: number, link: string, group: Ipv4Address): void
  portOf(fd: number): number
  /** The index of an interface of this network namespace; 0 if there is none of this name. */
  indexOf(link: string): number
  /** Datagrams that the kernel threw away because the receive buffer was full, since the socket was opened. */
  drops(fd: number): number
  /** Puts `address` at `mac` into the neighbour table of an interface. */
  setNeighbour(fd: number, link: string, address: Ipv4Address, mac: Uint8Array): void
  slots(count: number): DatagramSlots
  /** Whose `control` is shared memory. */
  sharedSlots(count: number): DatagramSlots
  /** The slots of another thread. */
  slotsAt(count: number, control: SharedArrayBuffer): SlotHeaders
  /** Fills up to `count` slots, beginning with `first`, with what is there to read; how many, or minus the errno. */
  receive(fd: number, slots: SlotHeaders, first: number, count: number): number
  /** Sends `count` slots, beginning with `first`; how many have gone, or minus the errno of the first. */
  send(fd: number, slots: SlotHeaders, first: number, count: number): number
  watch(fd: number, ready: (failed: boolean) => void): Readiness
  /** A descriptor by which one thread wakes another (eventfd(2)). */
  openBell(): number
  ring(bell: number): void
  /** Makes the bell ready for the next time. */
  silence(bell: number): void
  /** Blocks the thread until one of the descriptors is ready, or for so many milliseconds. */
  wait(set: PollSet, milliseconds: number): void
  pollSet(count: number): PollSet
  close(fd: number): void
}

/** Wakes the event loop as long as a descriptor is ready (level-triggered, by libuv). */
export interface Readiness {
  forReading(): void
  forWriting(): void
  stop(): void
  /** Afterwards the descriptor may be closed. */
  close(): void
}

/** Numbers of Linux on every architecture that there is a koffi for (asm-generic). */
const MSG_DONTWAIT = 0x40
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_BROADCAST = 6
const SO_SNDBUF = 7
const SO_RCVBUF = 8
const SO_BINDTODEVICE = 25
const SO_SNDBUFFORCE = 32
const SO_RCVBUFFORCE = 33
const SO_MEMINFO = 55
const SK_MEMINFO_DROPS = 8
const SIOCSARP = 0x8955
const IPPROTO_IP = 0
const IP_ADD_MEMBERSHIP = 35
const { EINVAL, EIO, EMSGSIZE } = constants.errno
/** What a run is refused with, where each of its datagrams may still be sent: an old kernel, a link without checksums, a small MTU. */
const NO_RUNS: ReadonlySet<number> = new Set([EINVAL, EIO, EMSGSIZE])
const EFD_NONBLOCK = SOCK_NONBLOCK
const EFD_CLOEXEC = SOCK_CLOEXEC

/** Octets of room for a burst: a rack that is switched on asks all at once. The kernel doubles it, for its own use: some 15 000 messages. */
export const RECEIVE_BUFFER = 8 * 1024 * 1024
/** A batch of the largest datagrams has room. */
export const SEND_BUFFER = 4 * 1024 * 1024

interface Libc {
  socket(domain: number, type: number, protocol: number): number
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number
  getsockopt(fd: number, level: number, name: number, value: Uint8Array, length: Uint8Array): number
  getsockname(fd: number, address: Uint8Array, length: Uint8Array): number
  bind(fd: number, address: Uint8Array, length: number): number
  close(fd: number): number
  ioctl(fd: number, request: number, argument: Uint8Array): number
  if_nametoindex(name: Uint8Array): number
  recvmmsg(fd: number, headers: bigint, count: number, flags: number, timeout: null): number
  sendmmsg(fd: number, headers: bigint, count: number, flags: number): number
  eventfd(value: number, flags: number): number
  read(fd: number, bytes: Uint8Array, length: number): number
  write(fd: number, bytes: Uint8Array, length: number): number
  poll(set: bigint, count: number, timeout: number): number
}

/** koffi's libuv poll handle; its callback gets a libuv status first, 0 or negative. */
type Poll = (fd: number, events: PollEvents, ready: (status: number) => void) => PollHandle
interface PollEvents {
  readonly readable?: boolean
  readonly writable?: boolean
}
interface PollHandle {
  start(events: PollEvents, ready: (status: number) => void): void
  stop(): void
  close(): void
}

let loading: Promise<Native | undefined> | undefined

/** The system calls through koffi, when it is installed for this platform; REBOOTS_KOFFI=off goes without. */
export function loadNative(): Promise<Native | undefined> {
  if (process.env['REBOOTS_KOFFI'] === 'off' || process.platform !== 'linux' || endianness() !== 'LE')
    return Promise.resolve(undefined)
  loading ??= openLibc()
  return loading
}

async function openLibc(): Promise<Native | undefined> {
  try {
    const koffi = await import('koffi')
    const library = koffi.load(null)
    const libc: Libc = {
      socket: library.func('int socket(int, int, int)'),
      setsockopt: library.func('int setsockopt(int, int, int, uint8_t *, unsigned int)'),
      getsockopt: library.func('int getsockopt(int, int, int, uint8_t *, uint8_t *)'),
      getsockname: library.func('int getsockname(int, uint8_t *, uint8_t *)'),
      bind: library.func('int bind(int, uint8_t *, unsigned int)'),
      close: library.func('int close(int)'),
      ioctl: library.func('int ioctl(int, unsigned long, uint8_t *)'),
      if_nametoindex: library.func('unsigned int if_nametoindex(uint8_t *)'),
      recvmmsg: library.func('int recvmmsg(int, void *, unsigned int, int, void *)'),
      sendmmsg: library.func('int sendmmsg(int, void *, unsigned int, int)'),
      eventfd: library.func('int eventfd(unsigned int, int)'),
      read: library.func('long read(int, uint8_t *, size_t)'),
      write: library.func('long write(int, uint8_t *, size_t)'),
      poll: library.func('int poll(void *, unsigned long, int)'),
    }
    // Not in its documentation, and typed otherwise than it is: this koffi is pinned, and udp-doors.test.ts would tell.
    const poll = koffi.node.poll as unknown as Poll
    return createNative(libc, slotLayout(koffi), poll, () => koffi.errno())
  } catch {
    return undefined
  }
}

function createNative(libc: Libc, layout: SlotLayout, poll: Poll, errno: () => number): Native {
  const check = (result: number, call: string): number => {
    if (result < 0) throw systemErrorOf(call, errno())
    return result
  }
  const setOption = (fd: number, name: number, value: Uint8Array): number =>
    libc.setsockopt(fd, SOL_SOCKET, name, value, value.length)
  /** Beyond net.core.rmem_max only with CAP_NET_ADMIN. */
  const setBuffer = (fd: number, force: number, name: number, octets: number): void => {
    if (setOption(fd, force, nativeInt(octets)) < 0) check(setOption(fd, name, nativeInt(octets)), 'setsockopt')
  }
  const bindToDevice = (fd: number, link: string): void =>
    void check(setOption(fd, SO_BINDTODEVICE, cString(link)), 'bind to device')
  const openSocket = (link: string, port: number, address: Ipv4Address): number => {
    const fd = check(libc.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), 'socket')
    try {
      bindToDevice(fd, link)
      check(setOption(fd, SO_BROADCAST, nativeInt(1)), 'setsockopt')
      setBuffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, RECEIVE_BUFFER)
      setBuffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, SEND_BUFFER)
      if (address !== UNSPECIFIED) check(setOption(fd, SO_REUSEADDR, nativeInt(1)), 'setsockopt')
      check(libc.bind(fd, socketAddress(address, port), SOCKADDR_LENGTH), 'bind')
    } catch (error) {
      libc.close(fd)
      throw error
    }
    return fd
  }
  const runs = new Runs(layout)
  const inRuns = process.env['REBOOTS_UDP_RUNS'] === 'on'
  /** Sockets that have refused a run. */
  const runless = new Set<number>()
  /** As `send`, in runs as far as there are any; undefined when nothing was done. */
  const sendRuns = (fd: number, slots: SlotHeaders, first: number, count: number): number | undefined => {
    const messages = !inRuns || runless.has(fd) ? 0 : runs.gather(slots, first, count)
    if (messages === 0) return undefined
    const sent = libc.sendmmsg(fd, runs.address, messages, MSG_DONTWAIT)
    if (sent > 0) return runs.covered(sent)
    const why = errno()
    if (!NO_RUNS.has(why)) return -why
    runless.add(fd)
    return undefined
  }
  return {
    openSocketOn: (link, port) => openSocket(link, port, UNSPECIFIED),
    openSharedSocketOn: (link, port) => openSocket(link, port, LIMITED_BROADCAST),
    bindToDevice,
    joinGroup(fd, link, group) {
      const membership = groupMembership(group, libc.if_nametoindex(cString(link)))
      check(libc.setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, membership, membership.length), 'join group')
    },
    portOf(fd) {
      const address = new Uint8Array(SOCKADDR_LENGTH)
      check(libc.getsockname(fd, address, nativeInt(SOCKADDR_LENGTH)), 'getsockname')
      return (address[2]! << 8) | address[3]!
    },
    indexOf: (link) => libc.if_nametoindex(cString(link)),
    drops(fd) {
      const numbers = new Uint32Array(SK_MEMINFO_DROPS + 1)
      const bytes = new Uint8Array(numbers.buffer)
      const answered = libc.getsockopt(fd, SOL_SOCKET, SO_MEMINFO, bytes, nativeInt(bytes.length))
      return answered < 0 ? 0 : numbers[SK_MEMINFO_DROPS]!
    },
    setNeighbour(fd, link, address, mac) {
      check(libc.ioctl(fd, SIOCSARP, arpRequest(link, address, mac)), 'set neighbour')
    },
    slots: (count) => new DatagramSlots(count, layout),
    sharedSlots: (count) => new DatagramSlots(count, layout, SharedArrayBuffer),
    slotsAt: (count, control) => new SlotHeaders(count, layout, control),
    receive(fd, slots, first, count) {
      const received = libc.recvmmsg(fd, slots.headerOf(first), count, MSG_DONTWAIT, null)
      return received < 0 ? -errno() : received
    },
    send(fd, slots, first, count) {
      const gone = sendRuns(fd, slots, first, count)
      if (gone !== undefined) return gone
      const sent = libc.sendmmsg(fd, slots.headerOf(first), count, MSG_DONTWAIT)
      return sent < 0 ? -errno() : sent
    },
    watch(fd, ready) {
      const wake = (status: number): void => ready(status < 0)
      const handle = poll(fd, { readable: true }, wake)
      return {
        forReading: () => handle.start({ readable: true }, wake),
        forWriting: () => handle.start({ writable: true }, wake),
        stop: () => handle.stop(),
        close: () => handle.close(),
      }
    },
    openBell: () => check(libc.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), 'eventfd'),
    ring: (bell) => void libc.write(bell, ONE, ONE.length),
    silence: (bell) => void libc.read(bell, DISCARDED, DISCARDED.length),
    wait: (set, milliseconds) => void libc.poll(set.address, set.count, milliseconds),
    pollSet: (count) => new PollSet(count, layout.addressOf),
    close(fd) {
      runless.delete(fd)
      libc.close(fd)
    },
  }
}

/** What is written to an eventfd and read from it: a count of eight octets. */
const ONE = new Uint8Array(BigUint64Array.of(1n).buffer)
const DISCARDED = new Uint8Array(8)
