import {
  bootFileName,
  bootReply,
  BROADCAST_FLAG,
  clientMachineIdentifier,
  ipxeEncapsulated,
  option,
  parameterRequestList,
  tftpServerName,
  vendorClass,
  vendorSpecific,
  withOption,
  type DhcpMessage,
} from '../dhcp/index.ts'
import { formatIpv4, UNSPECIFIED, type Ipv4Address } from '../net/index.ts'
import type { BootClient } from './boot-client.ts'
import { dialectOf, FULL, PROXY, type Answer, type Dialect } from './boot-dialect.ts'
import type { BootTarget } from './boot-target.ts'
import { parseGuid } from './guid.ts'

/** Characters that the `file` field holds; its 128th octet stays the NUL that every ROM looks for. */
export const FILE_LIMIT = 127

/**
 * The OFFER of a server that gives no address (PXE 2.1 §2.2.2), what is in it by client:
 *
 * | client     | 60         | 43              | siaddr     | file                | 66, 67      |
 * |------------|------------|-----------------|------------|---------------------|-------------|
 * | iPXE       | PXEClient  | –               | nextServer | URL                 | 67 if asked |
 * | HTTP boot  | HTTPClient | –               | nextServer | URI                 | 67          |
 * | BIOS ROM   | PXEClient  | `06 01 08 ff`   | nextServer | path                | if asked    |
 * | Pi ROM     | PXEClient  | the same + menu | nextServer | path                | if asked    |
 * | UEFI, rest | PXEClient  | –               | `server`   | path, see below     | –           |
 *
 * UEFI asks `siaddr`:4011 again for its file, so `siaddr` is ourselves whoever serves TFTP. The file stands in the offer only if
 * TFTP is at the same address: firmware that does not ask again then boots as well. A refusal (`nextServer` 0) names `server`.
 * The broadcast flag is set, since a client without an address hears nothing else. 53, 54, 97, 61 and 82 are in every row.
 */
export function proxyOffer(
  discover: DhcpMessage,
  client: BootClient,
  target: BootTarget,
  server: Ipv4Address,
): DhcpMessage {
  const dialect = dialectOf(client)
  const bare = bareReply(discover, 'offer', server)
  const reply = withAnswer({ ...bare, flags: discover.flags | BROADCAST_FLAG }, PROXY[dialect])
  const nextServer = target.nextServer || server
  if (dialect === 'uefi') {
    const file = nextServer === server && target.file.length <= FILE_LIMIT ? target.file : ''
    return { ...reply, siaddr: server, file }
  }
  return withFile(reply, dialect, { nextServer, file: target.file }, parameterRequestList(discover))
}

/**
 * The ACK from port 4011 to a client that came back for its boot file (PXE 2.1 §2.2.5, "boot server"): `proxyOffer`'s columns, with
 * the file and, if asked, 66 and 67 for UEFI too. `ciaddr` is copied, `yiaddr` 0; `sname` repeats `siaddr`, some firmware reads only it.
 * A refusal names `server`, where TFTP then says "no such file" at once.
 */
export function bootServerAck(
  request: DhcpMessage,
  client: BootClient,
  target: BootTarget,
  server: Ipv4Address,
): DhcpMessage {
  const dialect = dialectOf(client)
  const nextServer = target.nextServer || server
  const bare = { ...bareReply(request, 'ack', server), ciaddr: request.ciaddr, sname: formatIpv4(nextServer) }
  const reply = withAnswer(bare, PROXY[dialect])
  return withFile(reply, dialect, { nextServer, file: target.file }, parameterRequestList(request))
}

/**
 * An OFFER or ACK that gives an address, with what makes this client boot; it has to be in both. `asked` is option 55 of the request.
 *
 * | client     | 60         | 43              | 175        | siaddr     | file | 66, 67      |
 * |------------|------------|-----------------|------------|------------|------|-------------|
 * | iPXE       | –          | –               | `b0 01 01` | nextServer | URL  | 67 if asked |
 * | HTTP boot  | HTTPClient | –               | –          | nextServer | URI  | 67          |
 * | BIOS ROM   | PXEClient  | `06 01 08 ff`   | –          | nextServer | path | if asked    |
 * | Pi ROM     | PXEClient  | the same + menu | –          | nextServer | path | if asked    |
 * | UEFI, rest | –          | –               | –          | nextServer | path | if asked    |
 *
 * In every row: 97 as the client sent it (RFC 4578 §2.3); a name over 127 octets goes into 67 and leaves `file` empty. A refusal
 * (`nextServer` 0) has neither 60 nor 43 for a PXE ROM: nothing that says "here is your boot server".
 */
export function withBoot(
  reply: DhcpMessage,
  client: BootClient,
  target: BootTarget,
  asked: readonly number[] = [],
): DhcpMessage {
  const dialect = dialectOf(client)
  const guid = client.uuid === undefined ? undefined : parseGuid(client.uuid)
  const identified = guid ? withOption(reply, clientMachineIdentifier, guid) : reply
  const refusedRom = target.nextServer === UNSPECIFIED && FULL[dialect].vendorOptions !== undefined
  const answered = refusedRom ? identified : withAnswer(identified, FULL[dialect])
  return withFile(answered, dialect, target, asked)
}

/** What every reply copies, and option 97 as it came (RFC 4578 §2.3). */
function bareReply(request: DhcpMessage, type: 'offer' | 'ack', server: Ipv4Address): DhcpMessage {
  const bare = bootReply(request, type, server)
  const identifier = option(request, clientMachineIdentifier)
  return identifier ? withOption(bare, clientMachineIdentifier, identifier) : bare
}

function withAnswer(reply: DhcpMessage, answer: Answer): DhcpMessage {
  let answered = reply
  if (answer.vendorClass) answered = withOption(answered, vendorClass, answer.vendorClass)
  if (answer.vendorOptions) answered = withOption(answered, vendorSpecific, answer.vendorOptions)
  if (answer.ipxeOptions) answered = withOption(answered, ipxeEncapsulated, answer.ipxeOptions)
  return answered
}

/** `siaddr` and `file` (RFC 2131 §2), and their twins 66 and 67 (RFC 2132 §9.4, §9.5) where a client needs or wants them. */
function withFile(reply: DhcpMessage, dialect: Dialect, target: BootTarget, asked: readonly number[]): DhcpMessage {
  const fits = target.file.length <= FILE_LIMIT
  const isUrl = dialect === 'ipxe' || dialect === 'http'
  let filled: DhcpMessage = { ...reply, siaddr: target.nextServer, file: fits ? target.file : '' }
  if (!fits || dialect === 'http' || asked.includes(bootFileName.code)) {
    // Deviation: RFC 2132 §2 has no NUL after text, but there are ROMs that read on without it; none is known to mind it.
    filled = withOption(filled, bootFileName, isUrl ? target.file : `${target.file}\0`)
  }
  if (!isUrl && target.nextServer !== UNSPECIFIED && asked.includes(tftpServerName.code)) {
    filled = withOption(filled, tftpServerName, formatIpv4(target.nextServer))
  }
  return filled
}
