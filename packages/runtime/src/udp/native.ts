import { constants } from 'node:os'
import type { Ipv4Address } from '@reboots/protocol/net'

/** What sockets need beyond node:dgram: to belong to one interface, and to reach a client that cannot answer ARP yet. */
export interface Native {
  /** A UDP socket on 0.0.0.0:port of one interface; its file descriptor. Throws errors with `code`. */
  openSocketOn(link: string, port: number): number
  /** A second program must not be able to share the port unseen. */
  forbidSharing(fd: number): void
  /** Puts `address` at `mac` into the neighbour table of an interface. Throws errors with `code`. */
  setNeighbour(fd: number, link: string, address: Ipv4Address, mac: Uint8Array): void
}

/** Numbers of Linux on every architecture that Node runs on (asm-generic). */
const AF_INET = 2
const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_BROADCAST = 6
const SO_RCVBUF = 8
const SO_BINDTODEVICE = 25
const SIOCSARP = 0x8955
const ARPHRD_ETHER = 1
const ATF_COM = 2
/** Room for a burst: a rack that is switched on asks all at once. The kernel gives at most net.core.rmem_max. */
const RECEIVE_BUFFER = 4 * 1024 * 1024

interface Libc {
  socket(domain: number, type: number, protocol: number): number
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number
  bind(fd: number, address: Uint8Array, length: number): number
  close(fd: number): number
  ioctl(fd: number, request: number, argument: Uint8Array): number
}

let loading: Promise<Native | undefined> | undefined

/** The system calls through koffi, when it is installed for this platform; REBOOTS_KOFFI=off goes without. */
export function loadNative(): Promise<Native | undefined> {
  if (process.env['REBOOTS_KOFFI'] === 'off' || process.platform !== 'linux') return Promise.resolve(undefined)
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
      bind: library.func('int bind(int, uint8_t *, unsigned int)'),
      close: library.func('int close(int)'),
      ioctl: library.func('int ioctl(int, unsigned long, uint8_t *)'),
    }
    return createNative(libc, () => koffi.errno())
  } catch {
    return undefined
  }
}

function createNative(libc: Libc, errno: () => number): Native {
  const check = (result: number, call: string): number => {
    if (result < 0) throw systemError(call, errno())
    return result
  }
  const setNumber = (fd: number, name: number, value: number): void => {
    check(libc.setsockopt(fd, SOL_SOCKET, name, nativeInt(value), 4), 'setsockopt')
  }
  return {
    openSocketOn(link, port) {
      const fd = check(libc.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), 'socket')
      try {
        const device = new TextEncoder().encode(`${link}\0`)
        check(libc.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, device.length), 'bind to device')
        setNumber(fd, SO_BROADCAST, 1)
        setNumber(fd, SO_RCVBUF, RECEIVE_BUFFER)
        check(libc.bind(fd, socketAddress(0 as Ipv4Address, port), 16), 'bind')
      } catch (error) {
        libc.close(fd)
        throw error
      }
      return fd
    },
    forbidSharing: (fd) => setNumber(fd, SO_REUSEADDR, 0),
    setNeighbour(fd, link, address, mac) {
      check(libc.ioctl(fd, SIOCSARP, arpRequest(link, address, mac)), 'set neighbour')
    },
  }
}

function systemError(call: string, number: number): Error {
  const code = Object.entries(constants.errno).find(([, value]) => value === number)?.[0] ?? `errno ${number}`
  return Object.assign(new Error(`${call}: ${code}`), { code })
}

/** An int in the byte order of this machine. */
function nativeInt(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer)
}

/**
 * struct sockaddr_in: family in the byte order of the machine, the rest as on the wire.
 *
 *     0      2      4          8        16
 *     |family| port | address  | zeros  |
 */
function socketAddress(address: Ipv4Address, port: number): Uint8Array {
  const bytes = new Uint8Array(16)
  bytes.set(new Uint8Array(Uint16Array.of(AF_INET).buffer))
  const view = new DataView(bytes.buffer)
  view.setUint16(2, port)
  view.setUint32(4, address)
  return bytes
}

/**
 * struct arpreq (arp(7)):
 *
 *     0             16                    32      36          52           68
 *     | sockaddr_in | family, MAC (≤ 14) | flags | netmask   | device     |
 */
function arpRequest(link: string, address: Ipv4Address, mac: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(68)
  bytes.set(socketAddress(address, 0), 0)
  bytes.set(new Uint8Array(Uint16Array.of(ARPHRD_ETHER).buffer), 16)
  bytes.set(mac.subarray(0, 6), 18)
  bytes.set(nativeInt(ATF_COM), 32)
  bytes.set(new TextEncoder().encode(link).subarray(0, 15), 52)
  return bytes
}
