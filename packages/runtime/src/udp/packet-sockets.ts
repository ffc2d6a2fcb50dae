import { constants } from 'node:os'
import type { Ipv4Address } from '@reboots/protocol/net'
import { systemErrorOf } from './errno.ts'
import { loadNative, RECEIVE_BUFFER, SEND_BUFFER, type Native, type Readiness } from './native.ts'
import { packetFilter, type Wanted } from './packet-filter.ts'
import {
  AF_INET,
  AF_PACKET,
  linkAddress,
  nativeInt,
  socketAddress,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_RAW,
} from './structs.ts'

/** Numbers of Linux on every architecture that there is a koffi for (asm-generic). */
/** What is sent there has its IPv4 header already (raw(7)). */
const IPPROTO_RAW = 255
const SOL_SOCKET = 1
const SO_BROADCAST = 6
const SO_SNDBUF = 7
const SO_RCVBUF = 8
const SO_ATTACH_FILTER = 26
const SO_RCVBUFFORCE = 33
const ETH_P_ALL = 0x0003
const ETH_P_IP = 0x0800

/** Sees packets of an interface whoever else gets them, too; binds no port and takes nothing from anybody. */
export interface CaptureSocket {
  /** Copies the next packet; its length, or minus the errno. What does not fit is cut off. */
  receive(into: Uint8Array): number
  /** Packets the kernel threw away because they were not read fast enough. */
  drops(): number
  /** Sees the interface that has this name now. */
  move(link: string): void
  watch(ready: (failed: boolean) => void): Readiness
  close(): void
}

/** Sends IPv4 packets that are ready but for checksum and identification, out of one interface. */
export interface IpSender {
  /** 0, or minus the errno. */
  send(packet: Uint8Array, to: Ipv4Address): number
  /** As Native.setNeighbour. */
  setNeighbour(address: Ipv4Address, chaddr: Uint8Array): void
  move(link: string): void
  close(): void
}

export interface PacketSockets {
  indexOf(link: string): number
  /** `room`: octets of packets that wait to be read, by default a burst's worth. Throws an Error with `code`. */
  openCapture(link: string, wanted: Wanted, room?: number): CaptureSocket
  /** Throws an Error with `code`. */
  openIpSender(link: string): IpSender
}

interface Libc {
  socket(domain: number, type: number, protocol: number): number
  bind(fd: number, address: Uint8Array, length: number): number
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number
  recv(fd: number, into: Uint8Array, length: number, flags: number): number
  sendto(fd: number, message: Uint8Array, n: number, flags: number, to: Uint8Array, length: number): number
  errno(): number
  /** `struct sock_fprog`: how many steps, and where they are. */
  filterOf(steps: Uint8Array): Uint8Array
}

/** Undefined without koffi. */
export async function loadPacketSockets(): Promise<PacketSockets | undefined> {
  const native = await loadNative()
  if (native === undefined) return undefined
  const koffi = await import('koffi')
  const library = koffi.load(null)
  const program = koffi.struct({ len: 'uint16', filter: 'void *' })
  const libc: Libc = {
    socket: library.func('int socket(int, int, int)'),
    bind: library.func('int bind(int, uint8_t *, unsigned int)'),
    setsockopt: library.func('int setsockopt(int, int, int, uint8_t *, unsigned int)'),
    recv: library.func('long recv(int, uint8_t *, size_t, int)'),
    sendto: library.func('long sendto(int, uint8_t *, size_t, int, uint8_t *, unsigned int)'),
    errno: () => koffi.errno(),
    filterOf(steps) {
      const bytes = new Uint8Array(koffi.sizeof(program))
      koffi.encode(bytes, 0, program, { len: steps.length / 8, filter: koffi.address(steps) })
      return bytes
    },
  }
  return {
    indexOf: (link) => native.indexOf(link),
    openCapture: (link, wanted, room = RECEIVE_BUFFER) => openCapture(libc, native, link, wanted, room),
    openIpSender: (link) => openIpSender(libc, native, link),
  }
}

function openCapture(libc: Libc, native: Native, link: string, wanted: Wanted, octets: number): CaptureSocket {
  const check = checking(libc)
  const type = wanted.header === 0 ? SOCK_DGRAM : SOCK_RAW
  // Without a protocol it hears nothing until it is bound to one: by then the filter is there.
  const fd = check(libc.socket(AF_PACKET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), 'socket')
  const move = (name: string): void => {
    const address = linkAddress(native.indexOf(name), wanted.sentTo === 'from-here-too' ? ETH_P_ALL : ETH_P_IP)
    check(libc.bind(fd, address, address.length), 'bind')
  }
  try {
    const steps = packetFilter(wanted)
    const filter = libc.filterOf(steps)
    check(libc.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, filter, filter.length), 'attach filter')
    const room = nativeInt(octets)
    if (libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, room, room.length) < 0)
      check(libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, room, room.length), 'setsockopt')
    if (native.indexOf(link) === 0) throw systemErrorOf('find interface', constants.errno.ENODEV)
    move(link)
  } catch (error) {
    native.close(fd)
    throw error
  }
  return {
    receive(into) {
      const length = libc.recv(fd, into, into.length, 0)
      return length < 0 ? -libc.errno() : length
    },
    drops: () => native.drops(fd),
    move,
    watch: (ready) => native.watch(fd, ready),
    close: () => native.close(fd),
  }
}

function openIpSender(libc: Libc, native: Native, link: string): IpSender {
  const check = checking(libc)
  const fd = check(libc.socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW), 'socket')
  let name = link
  try {
    native.bindToDevice(fd, link)
    const [yes, room] = [nativeInt(1), nativeInt(SEND_BUFFER)]
    check(libc.setsockopt(fd, SOL_SOCKET, SO_BROADCAST, yes, yes.length), 'setsockopt')
    check(libc.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, room, room.length), 'setsockopt')
  } catch (error) {
    native.close(fd)
    throw error
  }
  return {
    send(packet, to) {
      const address = socketAddress(to, 0)
      return libc.sendto(fd, packet, packet.length, 0, address, address.length) < 0 ? -libc.errno() : 0
    },
    setNeighbour: (address, chaddr) => native.setNeighbour(fd, name, address, chaddr),
    move(link) {
      native.bindToDevice(fd, link)
      name = link
    },
    close: () => native.close(fd),
  }
}

function checking(libc: Libc) {
  return (result: number, call: string): number => {
    if (result < 0) throw systemErrorOf(call, libc.errno())
    return result
  }
}
