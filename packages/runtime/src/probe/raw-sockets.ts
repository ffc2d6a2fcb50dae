import { constants } from 'node:os'
import { macOfBytes, type Ipv4Address, type MacAddress } from '@reboots/protocol/net'
import { systemErrorOf } from '../udp/errno.ts'
import { loadNative, type Readiness } from '../udp/native.ts'
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
} from '../udp/structs.ts'

/** Numbers of Linux on every architecture that there is a koffi for (asm-generic). */
const IPPROTO_ICMP = 1
const SOL_RAW = 255
const ICMP_FILTER = 1
const ETH_P_ARP = 0x0806
const ARPHRD_ETHER = 1
/** Everything but type 0, echo reply. */
const NO_OTHER_ICMP = ~1

/** A socket that is not UDP: whole messages, nobody else's reads are disturbed. It never blocks. */
export interface RawSocket {
  /** Of the interface; empty for a socket that has none. */
  readonly mac: MacAddress
  /** What is read begins with the IPv4 header. */
  readonly withIpHeader: boolean
  /** Sends a message; to an IPv4 address where it is not a frame, which says itself where it goes. False: it could not be sent. */
  send(message: Uint8Array, to?: Ipv4Address): boolean
  /** The next message that has come, good until the next call; undefined: there is none. */
  receive(): Uint8Array | undefined
  watch(ready: (failed: boolean) => void): Readiness
  close(): void
}

export interface RawSockets {
  /** ARP frames of one Ethernet. Throws an Error with `code`. */
  openArp(link: string): RawSocket
  /** Answers to ICMP echo, from wherever. Throws an Error with `code`. */
  openEcho(): RawSocket
}

/** Undefined without koffi. */
export async function loadRawSockets(): Promise<RawSockets | undefined> {
  const native = await loadNative()
  if (native === undefined) return undefined
  const koffi = await import('koffi')
  const library = koffi.load(null)
  const socket = library.func('int socket(int, int, int)') as (domain: number, type: number, protocol: number) => number
  const bind = library.func('int bind(int, uint8_t *, unsigned int)') as AddressCall
  const getsockname = library.func('int getsockname(int, uint8_t *, uint8_t *)') as NameCall
  const setsockopt = library.func('int setsockopt(int, int, int, uint8_t *, unsigned int)') as OptionCall
  const send = library.func('long send(int, uint8_t *, size_t, int)') as MessageCall
  const sendto = library.func('long sendto(int, uint8_t *, size_t, int, uint8_t *, unsigned int)') as SendToCall
  const recv = library.func('long recv(int, uint8_t *, size_t, int)') as MessageCall
  const check = (result: number, call: string): number => {
    if (result < 0) throw systemErrorOf(call, koffi.errno())
    return result
  }
  const open = (domain: number, type: number, protocol: number): number =>
    check(socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol), 'socket')

  const buffer = new Uint8Array(2048)
  const wrap = (fd: number, mac: MacAddress, withIpHeader: boolean): RawSocket => ({
    mac,
    withIpHeader,
    send(message, to) {
      if (to === undefined) return send(fd, message, message.length, 0) >= 0
      const address = socketAddress(to, 0)
      return sendto(fd, message, message.length, 0, address, address.length) >= 0
    },
    receive() {
      const length = recv(fd, buffer, buffer.length, 0)
      return length < 0 ? undefined : buffer.subarray(0, length)
    },
    watch: (ready) => native.watch(fd, ready),
    close: () => native.close(fd),
  })

  return {
    openArp(link) {
      // Without a protocol it hears nothing, of whatever interface, until it is bound to one.
      const fd = open(AF_PACKET, SOCK_RAW, 0)
      try {
        const index = native.indexOf(link)
        if (index === 0) throw systemErrorOf('find interface', constants.errno.ENODEV)
        const address = linkAddress(index, ETH_P_ARP)
        check(bind(fd, address, address.length), 'bind')
        check(getsockname(fd, address, nativeInt(address.length)), 'getsockname')
        return wrap(fd, hardwareAddressIn(address), false)
      } catch (error) {
        native.close(fd)
        throw error
      }
    },
    openEcho() {
      try {
        const fd = open(AF_INET, SOCK_RAW, IPPROTO_ICMP)
        setsockopt(fd, SOL_RAW, ICMP_FILTER, nativeInt(NO_OTHER_ICMP), 4)
        return wrap(fd, '' as MacAddress, true)
      } catch {
        // Whom net.ipv4.ping_group_range lets, may ask without a privilege.
        return wrap(open(AF_INET, SOCK_DGRAM, IPPROTO_ICMP), '' as MacAddress, false)
      }
    },
  }
}

type AddressCall = (fd: number, address: Uint8Array, length: number) => number
type NameCall = (fd: number, address: Uint8Array, length: Uint8Array) => number
type OptionCall = (fd: number, level: number, name: number, value: Uint8Array, length: number) => number
type MessageCall = (fd: number, message: Uint8Array, length: number, flags: number) => number
type SendToCall = (fd: number, message: Uint8Array, n: number, flags: number, to: Uint8Array, length: number) => number

/** As the kernel has filled it in. */
function hardwareAddressIn(address: Uint8Array): MacAddress {
  const kind = new DataView(address.buffer).getUint16(8, true)
  if (kind !== ARPHRD_ETHER) throw Object.assign(new Error('this interface is no Ethernet'), { code: 'ENOTSUP' })
  return macOfBytes(address.subarray(12, 18))
}
