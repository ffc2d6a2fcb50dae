import { formatMac, UNSPECIFIED, type Endpoint, type MacFormat } from '@reboots/protocol/net'
import { FILE_LIMIT, lacksHttp, UNKNOWN_ARCHITECTURE, type BootClient, type BootTarget } from '@reboots/protocol/pxe'
import type { BootDecision, Decision } from './decision.ts'
import type { MachineFacts, NetworkFacts } from './facts.ts'
import { firmwareUrl } from './firmware-boot.ts'
import type { Boots, Menu } from './menu.ts'

/** Where machines find their boot files, as they see it. */
export interface BootServers {
  readonly tftp: Endpoint
  /** Origin without a slash at its end, `http://10.0.0.1:7080`. */
  readonly http: string
  /** How the MAC is written in the path of a binary. In the path of a script it is always the colon form. */
  readonly macFormat: MacFormat
  /** Name of the boot file for each firmware, `{ 'uefi-x64': 'ipxe.efi' }`; a firmware that is missing gets none. */
  readonly binaries: Readonly<Record<string, string | undefined>>
}

/** Why a client that asks to boot is given nothing. */
export type TargetSilence = 'ignored-by-policy' | 'no-boot-file-for-architecture'

/** Octets that one instance of an option holds (RFC 2132 §2). */
const OPTION_LIMIT = 255

/** A name no server has, so that the firmware fails at once and goes on to its next boot device. */
const REFUSAL = 'netboot-not-allowed'

/**
 * The boot file for what the policy decided. Total over decision × loader × transport × firmware:
 *
 * | decision         | loader   | transport | file                                              |
 * |------------------|----------|-----------|---------------------------------------------------|
 * | ignore           | any      | any       | none: `ignored-by-policy`                         |
 * | any other        | ipxe     | any       | `<http>/ipxe/script/<mac>/auto.ipxe?arch=…`       |
 * | any other        | ipxe without HTTP | tftp | as firmware: another iPXE, or the refusal     |
 * | local, deny      | firmware | tftp      | `/netboot-not-allowed` of server 0.0.0.0          |
 * | local, deny      | firmware | http      | `<http>/ipxe/binary/<mac>/netboot-not-allowed`    |
 * | boot, of iPXE    | firmware | tftp      | the bare name of the binary                       |
 * | boot, of iPXE    | firmware | http      | `<http>/ipxe/binary/<mac>/<binary>`               |
 * | ask              | firmware | any       | as boot of iPXE                                   |
 * | boot, of a file  | firmware | any       | the same, with the file of the profile            |
 * | boot, of a URL   | firmware | tftp      | as boot of iPXE                                   |
 * | boot, of a URL   | firmware | http      | the URL; as boot of iPXE if there is none for this machine |
 * | boot             | firmware | any       | none without a file: `no-boot-file-for-architecture` |
 * | menu             | firmware | tftp      | as boot: iPXE shows the menu                      |
 * | menu             | firmware | http      | as the first entry: there are no menus in UEFI HTTP boot |
 * | entry of a menu  | firmware | any       | as boot, as local, or its file                    |
 *
 * `item` counts the entries of the menu from 1: one that has been chosen already. iPXE's script then goes there without asking.
 * "Of iPXE" are the profiles that take a script (linux, ipxe, chain), "of a file" nbp, grub and pxelinux, "of a URL" uefiHttp and iso.
 * iPXE always gets its script, also when refused: there the reason can be printed. An HTTP client is always given a URL (UEFI
 * drops an offer whose file is none and then retries for a minute), and a TFTP client never. An iPXE that cannot load by HTTP (`lacksHttp`)
 * loads the binary of its firmware first. Whether that has been done already is not known here: see `ChainLoads` of runtime. `network` is what
 * the URL of a script says of a relay agent.
 */
export function targetFor(
  decision: Decision,
  client: BootClient,
  machine: MachineFacts,
  servers: BootServers,
  item?: number,
  network?: NetworkFacts,
): Target {
  if (decision.kind === 'ignore') return { silent: 'ignored-by-policy' }
  if (client.loader === 'ipxe' && !lacksHttp(client)) {
    return { nextServer: servers.tftp.address, file: scriptUrl(client, machine, servers, item, network) }
  }
  switch (decision.kind) {
    case 'local-disk':
    case 'deny':
      return refusal(client, servers)
    case 'boot':
      return bootTarget(decision, client, machine, servers)
    // Who is asked is asked for the script.
    case 'ask':
      return binaryTarget(client, machine, servers)
    case 'menu':
      return menuTarget(decision.menu, client, machine, servers, item)
  }
}

type Target = BootTarget | { readonly silent: TargetSilence }

function menuTarget(
  menu: Menu,
  client: BootClient,
  machine: MachineFacts,
  servers: BootServers,
  item: number | undefined,
): Target {
  if (item === undefined && client.transport === 'tftp') return binaryTarget(client, machine, servers)
  const boots: Boots | undefined = menu.entries[(item ?? 1) - 1]?.boots
  switch (boots?.kind) {
    case 'boot':
      return bootTarget(boots, client, machine, servers)
    case 'file':
      return fileTarget(client, servers, boots.file)
    // What other servers have is not ours to name.
    case 'local-disk':
    case 'elsewhere':
    case undefined:
      return refusal(client, servers)
  }
}

function bootTarget(
  { firmware }: BootDecision,
  client: BootClient,
  machine: MachineFacts,
  servers: BootServers,
): Target {
  if (firmware?.kind === 'files') return namedTarget(client, servers, firmware.files[client.firmware])
  if (firmware?.kind === 'url' && client.transport === 'http') {
    const url = firmwareUrl(firmware.profile, client, machine, servers.http)
    // Without one iPXE is loaded, whose script says on the screen what is wrong.
    if (url !== undefined) return { nextServer: servers.tftp.address, file: url }
  }
  return binaryTarget(client, machine, servers)
}

function binaryTarget(client: BootClient, machine: MachineFacts, servers: BootServers): Target {
  return namedTarget(client, servers, binaryFor(client, machine, servers))
}

function namedTarget(client: BootClient, servers: BootServers, name: string | undefined): Target {
  // iPXE would put values of its own in the place of a ${name}; firmware takes it as it stands.
  const readable = client.loader === 'firmware' || name?.includes('${') !== true
  if (name === undefined || !readable) return { silent: 'no-boot-file-for-architecture' }
  return fileTarget(client, servers, name)
}

function fileTarget(client: BootClient, servers: BootServers, name: string): BootTarget {
  return {
    nextServer: servers.tftp.address,
    file: client.transport === 'http' ? binaryUrl(client, servers, name) : name,
  }
}

/**
 * The record's own binary, else the one of the firmware. A Raspberry Pi takes the arm64 file when nothing is said for it: its
 * ROM does not read the name (it asks for its own files), but UEFI firmware on a Pi has the same MAC prefix and does.
 * U-Boot loads what is configured for `u-boot` and by default nothing: its EFI boot identifies as the UEFI of its processor.
 */
function binaryFor(client: BootClient, machine: MachineFacts, servers: BootServers): string | undefined {
  const own = machine.netboot.ipxe.binary
  if (own !== '') return own
  const named = configured(servers, client.firmware)
  return named ?? (client.firmware === 'rpi' ? configured(servers, 'uefi-arm64') : undefined)
}

function configured(servers: BootServers, firmware: string): string | undefined {
  const name = Object.hasOwn(servers.binaries, firmware) ? servers.binaries[firmware] : undefined
  return name === '' ? undefined : name
}

function refusal(client: BootClient, servers: BootServers): BootTarget {
  return client.transport === 'http'
    ? { nextServer: servers.tftp.address, file: binaryUrl(client, servers, REFUSAL) }
    : { nextServer: UNSPECIFIED, file: `/${REFUSAL}` }
}

/**
 * Says the architecture and the UUID as well, which iPXE's request would not: so the script is decided on the same facts as this
 * answer. The UUID is left out where only for its sake the URL would not fit into the header field. The id of the record is there when its MAC
 * is not that of the client, so that the record is found again, and giaddr and the ids of option 82 when it came by a relay agent; too long
 * a URL with them goes into option 67, which iPXE reads too, but one instance of it only.
 */
function scriptUrl(
  client: BootClient,
  machine: MachineFacts,
  servers: BootServers,
  item: number | undefined,
  network: NetworkFacts | undefined,
): string {
  const url = `${servers.http}/ipxe/script/${client.mac}/auto.ipxe`
  const query = [
    ...(client.arch === UNKNOWN_ARCHITECTURE ? [] : [`arch=${client.arch}`]),
    ...(item === undefined ? [] : [`item=${item}`]),
    ...(machine.known && machine.interface.mac !== client.mac ? [`machine=${inQuery(machine.id)}`] : []),
  ]
  const short = query.length === 0 ? url : `${url}?${query.join('&')}`
  const relayed = network === undefined ? short : withRelay(short, network)
  if (client.arch === UNKNOWN_ARCHITECTURE || client.uuid === undefined) return relayed
  const room = relayed === short && short.length <= FILE_LIMIT ? FILE_LIMIT : OPTION_LIMIT
  return withinLimit(relayed, `uuid=${client.uuid}`, room)
}

/** What the relay agent says of the client's place: by HTTP nobody says it again. */
function withRelay(url: string, { giaddr, circuitId, remoteId }: NetworkFacts): string {
  return Object.entries({ giaddr, circuitId, remoteId })
    .filter(([, value]) => value !== '')
    .reduce((longer, [name, value]) => withinLimit(longer, `${name}=${value}`, OPTION_LIMIT), url)
}

function withinLimit(url: string, query: string, limit: number): string {
  const longer = `${url}${url.includes('?') ? '&' : '?'}${query}`
  return longer.length <= limit ? longer : url
}

/** RFC 3986 §3.4 lets a slash stand in a query, and in `namespace/name` it is short and well to read. */
function inQuery(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll('%2F', '/')
}

function binaryUrl(client: BootClient, servers: BootServers, name: string): string {
  const path = name.toWellFormed().split('/').map(encodeURIComponent).join('/')
  return `${servers.http}/ipxe/binary/${formatMac(client.mac, servers.macFormat)}/${path}`
}
