import { closeSync, openSync, read, writeSync } from 'node:fs'
import { constants } from 'node:os'
import koffi from 'koffi'

/** A raw socket on one interface of another network namespace: whole Ethernet frames, whoever they are for. */
export interface PacketSocket {
  send(frame: Uint8Array): void
  close(): Promise<void>
}

/** Numbers of Linux on every architecture that Node runs on. */
const AF_PACKET = 17
const SOCK_RAW = 3
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_RCVBUF = 8
const SO_RCVTIMEO = 20
const ETH_P_ALL = 3
const CLONE_NEWNET = 0x40000000
/** How long a read blocks its thread at most, and so how long closing takes. */
const READ_MS = 50
const RECEIVE_BUFFER = 4 * 1024 * 1024
const LONGEST_FRAME = 70_000

const libc = koffi.load(null)
const socket = libc.func('int socket(int, int, int)')
const bind = libc.func('int bind(int, uint8_t *, unsigned int)')
const setsockopt = libc.func('int setsockopt(int, int, int, uint8_t *, unsigned int)')
const setns = libc.func('int setns(int, int)')
const ifNameToIndex = libc.func('unsigned int if_nametoindex(const char *)')

/**
 * Opens it in the namespace `/run/netns/<namespace>`. A socket belongs to the namespace its thread was in when it was made, so this
 * thread goes there and comes back; nothing else runs on it in between. Every frame that arrives is handed to `onFrame`, in order.
 */
export function openPacketSocket(namespace: string, link: string, onFrame: (frame: Uint8Array) => void): PacketSocket {
  const fd = inNamespace(namespace, () => boundSocket(link))
  const reading = readAll(fd, onFrame)
  return {
    send: (frame) => void writeSync(fd, frame),
    async close() {
      await reading.stop()
      closeSync(fd)
    },
  }
}

function inNamespace<T>(namespace: string, inside: () => T): T {
  const home = openSync('/proc/thread-self/ns/net', 'r')
  const there = openSync(`/run/netns/${namespace}`, 'r')
  try {
    check(setns(there, CLONE_NEWNET), 'setns')
    try {
      return inside()
    } finally {
      check(setns(home, CLONE_NEWNET), 'setns')
    }
  } finally {
    closeSync(there)
    closeSync(home)
  }
}

function boundSocket(link: string): number {
  const fd = check(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, hostToNetwork(ETH_P_ALL)), 'socket')
  // struct timeval: seconds and microseconds, a long each.
  const timeout = new Uint8Array(BigInt64Array.of(0n, BigInt(READ_MS * 1000)).buffer)
  check(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, timeout, timeout.length), 'setsockopt')
  const size = new Uint8Array(Int32Array.of(RECEIVE_BUFFER).buffer)
  check(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, size, size.length), 'setsockopt')
  const address = linkAddress(ifNameToIndex(link) as number)
  check(bind(fd, address, address.length), 'bind')
  return fd
}

/**
 * struct sockaddr_ll as bind needs it: family, protocol (big-endian), index, and zeros.
 *
 *     0      2        4       8            20
 *     |family|protocol|ifindex| …zeros…     |
 */
function linkAddress(index: number): Uint8Array {
  const bytes = new Uint8Array(20)
  bytes.set(new Uint8Array(Uint16Array.of(AF_PACKET, hostToNetwork(ETH_P_ALL)).buffer))
  bytes.set(new Uint8Array(Int32Array.of(index).buffer), 4)
  return bytes
}

function hostToNetwork(value: number): number {
  return ((value & 0xff) << 8) | (value >> 8)
}

function readAll(fd: number, onFrame: (frame: Uint8Array) => void): { stop(): Promise<void> } {
  const buffer = new Uint8Array(LONGEST_FRAME)
  const { promise: stopped, resolve, reject } = Promise.withResolvers<void>()
  let stopping = false
  const next = (): void => {
    if (stopping) return resolve()
    read(fd, buffer, 0, buffer.length, null, (error, length) => {
      if (error === null) onFrame(buffer.slice(0, length))
      else if (error.code !== 'EAGAIN') return reject(error)
      next()
    })
  }
  next()
  return {
    stop() {
      stopping = true
      return stopped
    },
  }
}

function check(result: unknown, call: string): number {
  const number = result as number
  if (number >= 0) return number
  const name = Object.entries(constants.errno).find(([, value]) => value === koffi.errno())?.[0]
  throw new Error(`${call}: ${name ?? koffi.errno()}`)
}
