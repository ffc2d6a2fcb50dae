import type { SlotLayout } from './slots.ts'
import { SOCKADDR_LENGTH } from './structs.ts'

type Koffi = typeof import('koffi')

/** Numbers of Linux on every architecture (udp(7)). */
const SOL_UDP = 17
const UDP_SEGMENT = 103

/** `struct mmsghdr`, `struct iovec` and `struct cmsghdr` as this machine lays them out. */
export function slotLayout(koffi: Koffi): SlotLayout {
  const vector = koffi.struct({ iov_base: 'void *', iov_len: 'size_t' })
  const message = koffi.struct({
    msg_name: 'void *',
    msg_namelen: 'uint32',
    msg_iov: 'void *',
    msg_iovlen: 'size_t',
    msg_control: 'void *',
    msg_controllen: 'size_t',
    msg_flags: 'int',
  })
  const header = koffi.struct({ msg_hdr: message, msg_len: 'uint32' })
  const control = koffi.struct({ cmsg_len: 'size_t', cmsg_level: 'int', cmsg_type: 'int', octets: 'uint16' })
  return {
    controlSize: koffi.sizeof(control),
    writeSegmentSize(memory, at, octets) {
      const cmsg_len = koffi.offsetof(control, 'octets') + 2
      koffi.encode(memory, at, control, { cmsg_len, cmsg_level: SOL_UDP, cmsg_type: UDP_SEGMENT, octets })
    },
    writeRun(memory, headerAt, { name, vector }, vectors, controlAt) {
      const run = { msg_name: name, msg_namelen: SOCKADDR_LENGTH, msg_iov: vector, msg_iovlen: vectors }
      const length = controlAt === null ? 0 : koffi.sizeof(control)
      koffi.encode(memory, headerAt, message, { ...run, msg_control: controlAt, msg_controllen: length, msg_flags: 0 })
    },
    headerSize: koffi.sizeof(header),
    vectorSize: koffi.sizeof(vector),
    received: koffi.offsetof(header, 'msg_len'),
    length: koffi.offsetof(vector, 'iov_len'),
    write(memory, headerAt, vectorAt, pointers, room) {
      koffi.encode(memory, vectorAt, vector, { iov_base: pointers.octets, iov_len: room })
      const first = { msg_name: pointers.name, msg_namelen: SOCKADDR_LENGTH, msg_iov: pointers.vector, msg_iovlen: 1 }
      koffi.encode(memory, headerAt, message, { ...first, msg_control: null, msg_controllen: 0, msg_flags: 0 })
    },
    addressOf: (memory) => koffi.address(memory),
  }
}
