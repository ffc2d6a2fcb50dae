import {
  bootFileName,
  bootReply,
  BROADCAST_FLAG,
  clientMachineIdentifier,
  option,
  OptionSet,
  parameterRequestList,
  tftpServerName,
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
 * | iPXE, 175  | PXEClient  | –               | nextServer | URL                 | 67 if asked |
 * | HTTP boot  | HTTPClient | –               | nextServer | URI                 | 67          |
 * | BIOS ROM   | PXEClient  | `06 01 08 ff`   | nextServer | path                | if asked    |
 * | Pi ROM     | PXEClient  | the same + menu | nextServer | path                | if asked    |
 * | UEFI, rest | PXEClient  | –               | `server`   | path, see below     | –           |
 *
 * UEFI asks `siaddr`:4011 again for its file, so `siaddr` is ourselves whoever serves TFTP. The file stands in the offer only if
 * TFTP is at the same address: firmware that does not ask again then boots as well. A refusal (`nextServer` 0) names `server`.
 * The broadcast flag is set, since a client without an address hears nothing else. 53, 54, 97, 61 and 82 are in every row;
 * 175 is `01 01 01`, the priority of this offer. An iPXE without HTTP gets a path instead of the URL.
 */
export function proxyOffer(
  discover: DhcpMessage,
  client: BootClient,
  target: BootTarget,
  server: Ipv4Address,
): DhcpMessage {
  const dialect = dialectOf(client)
  const flags = discover.flags | BROADCAST_FLAG
  const options = [...identifierOf(discover), ...PROXY[dialect]]
  const nextServer = target.nextServer || server
  if (dialect === 'uefi') {
    const file = nextServer === server ? fileField(target.file) : ''
    return { ...bootReply(discover, 'offer', server, options), flags, siaddr: server, file }
  }
  options.push(...fileOptions(dialect, { nextServer, file: target.file }, parameterRequestList(discover)))
  const reply = bootReply(discover, 'offer', server, options)
  return { ...reply, flags, siaddr: nextServer, file: fileField(target.file) }
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
  const reply = bootReply(request, 'ack', server, [
    ...identifierOf(request),
    ...PROXY[dialect],
    ...fileOptions(dialect, { nextServer, file: target.file }, parameterRequestList(request)),
  ])
  const { ciaddr } = request
  return { ...reply, ciaddr, siaddr: nextServer, sname: formatIpv4(nextServer), file: fileField(target.file) }
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
  const options = OptionSet.of(reply.options)
  const guid = client.uuid === undefined ? undefined : parseGuid(client.uuid)
  if (guid) options.set(clientMachineIdentifier.code, guid)
  const isRefusedRom = target.nextServer === UNSPECIFIED && (dialect === 'bios' || dialect === 'rpi')
  if (!isRefusedRom) for (const [code, value] of FULL[dialect]) options.set(code, value)
  for (const [code, value] of fileOptions(dialect, target, asked)) options.set(code, value)
  return { ...reply, siaddr: target.nextServer, file: fileField(target.file), options }
}

/** Option 97 as it came (RFC 4578 §2.3), if it can be read. */
export function identifierOf(request: DhcpMessage): Answer {
  const identifier = option(request, clientMachineIdentifier)
  return identifier === undefined ? [] : [[clientMachineIdentifier.code, identifier]]
}

/** The header field, empty for a name that is too long for it: option 67 has it then. */
function fileField(file: string): string {
  return file.length <= FILE_LIMIT ? file : ''
}

/** The twins of `file` and `siaddr`, options 67 and 66 (RFC 2132 §9.5, §9.4), where a client needs or wants them. */
function fileOptions(dialect: Dialect, { nextServer, file }: BootTarget, asked: readonly number[]): Answer {
  const options: [number, Uint8Array][] = []
  const isUrl = dialect === 'ipxe' || dialect === 'http'
  if (file.length > FILE_LIMIT || dialect === 'http' || asked.includes(bootFileName.code)) {
    // Deviation: RFC 2132 §2 has no NUL after text, but there are ROMs that read on without it; none is known to mind it.
    options.push([bootFileName.code, bootFileName.encode(isUrl ? file : `${file}\0`)])
  }
  if (!isUrl && nextServer !== UNSPECIFIED && asked.includes(tftpServerName.code)) {
    options.push([tftpServerName.code, tftpServerName.encode(formatIpv4(nextServer))])
  }
  return options
}
