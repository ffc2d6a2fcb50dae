import { errnoName, systemErrorOf } from './errno.ts'
import { loadNative, type Native } from './native.ts'
import { SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_RAW } from './structs.ts'

/** Numbers of Linux, the same on every architecture that there is a koffi for (asm-generic). */
const AF_NETLINK = 16
const NETLINK_ROUTE = 0
const RTMGRP_LINK = 0x1
const RTMGRP_IPV4_IFADDR = 0x10

/**
 * struct sockaddr_nl (netlink(7)), in the byte order of the machine:
 *
 *     0      2     4          8         12
 *     |family| pad | port id  | groups  |
 */
function netlinkAddress(groups: number): Uint8Array {
  const bytes = new Uint8Array(12)
  bytes.set(new Uint8Array(Uint16Array.of(AF_NETLINK).buffer))
  bytes.set(new Uint8Array(Uint32Array.of(groups).buffer), 8)
  return bytes
}

/**
 * Calls `changed` when the kernel says that an interface or an IPv4 address came, went or changed (rtnetlink(7)): what it was is for who is
 * called to find out, because the kernel forgets what it cannot deliver. Undefined where that cannot be heard; returns how to stop.
 */
export async function hearRouteEvents(changed: () => void): Promise<(() => void) | undefined> {
  const native = await loadNative()
  if (native === undefined) return undefined
  try {
    return await listen(native, changed)
  } catch {
    return undefined
  }
}

async function listen(native: Native, changed: () => void): Promise<() => void> {
  const koffi = await import('koffi')
  const library = koffi.load(null)
  const socket = library.func('int socket(int, int, int)') as (...args: number[]) => number
  const bind = library.func('int bind(int, uint8_t *, unsigned int)') as (
    fd: number,
    to: Uint8Array,
    n: number,
  ) => number
  const recv = library.func('ssize_t recv(int, uint8_t *, size_t, int)') as (
    fd: number,
    into: Uint8Array,
    length: number,
    flags: number,
  ) => number

  const fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE)
  if (fd < 0) throw systemErrorOf('socket', koffi.errno())
  const address = netlinkAddress(RTMGRP_LINK | RTMGRP_IPV4_IFADDR)
  if (bind(fd, address, address.length) < 0) {
    native.close(fd)
    throw systemErrorOf('bind', koffi.errno())
  }
  const buffer = new Uint8Array(8192)
  let closed = false
  /** Reads everything there is: ENOBUFS says that some of it is lost, which is an event as well. */
  const drain = (): void => {
    if (closed) return
    let failure = ''
    do failure = recv(fd, buffer, buffer.length, 0) < 0 ? errnoName(koffi.errno()) : ''
    while (failure === '' || failure === 'ENOBUFS' || failure === 'EINTR')
    // A socket that fails is ready all the time.
    if (failure !== 'EAGAIN') readiness.stop()
    changed()
  }
  // A callback of libuv is none of Node's: what follows has a turn of its own.
  const readiness = native.watch(fd, () => void setImmediate(drain))
  return () => {
    closed = true
    readiness.close()
    native.close(fd)
  }
}
