import {
  BROADCAST_FLAG,
  clientMachineIdentifier,
  clientNetworkInterface,
  clientSystemArchitecture,
  ipxeEncapsulated,
  maxMessageSize,
  messageTypeOption,
  parameterRequest,
  requestedAddress,
  serverIdentifier,
  vendorClass,
  withOption,
  withOptions,
  type DhcpMessage,
  type MessageType,
} from '@reboots/protocol/dhcp'
import { octets } from '@reboots/protocol/bytes'
import { bytesOfMac, UNSPECIFIED, type Ipv4Address, type MacAddress, type Seconds } from '@reboots/protocol/net'

/** Which machine is played: its firmware, then the iPXE that the firmware has loaded. */
export interface Model {
  readonly mac: MacAddress
  readonly firmware: 'bios' | 'uefi'
}

/** The program that speaks for the machine at the moment. */
export type Loader = 'firmware' | 'ipxe'

const ARCHITECTURES = { bios: 0, uefi: 7 } as const
const ETHERNET = 1
const PARAMETERS = [1, 3, 6, 12, 15, 28, 43, 54, 60, 66, 67, 97, 128, 175]
/** HTTP, TFTP, bzImage, EFI and version 1.21.1, as iPXE says them in option 175. */
const IPXE_FEATURES = Uint8Array.of(0x13, 1, 1, 0x15, 1, 1, 0x18, 1, 1, 0x24, 1, 1, 0xeb, 3, 1, 21, 1)

/** The DISCOVER of this loader: everything PXE wants to be told (RFC 4578), answers by broadcast. */
export function discover(model: Model, loader: Loader, xid: number): DhcpMessage {
  return clientMessage('discover', model, loader, xid)
}

/** The broadcast REQUEST that takes an offer (RFC 2131 §4.3.2, SELECTING). */
export function select(model: Model, loader: Loader, offer: DhcpMessage, server: Ipv4Address): DhcpMessage {
  const request = clientMessage('request', model, loader, offer.xid)
  return withOption(withOption(request, requestedAddress, offer.yiaddr), serverIdentifier, server)
}

/** The REQUEST to a boot server on port 4011, from an address that is the machine's already (PXE 2.1 §2.2.5). */
export function askBootServer(model: Model, loader: Loader, xid: number, ciaddr: Ipv4Address): DhcpMessage {
  return { ...clientMessage('request', model, loader, xid), flags: 0, ciaddr }
}

function clientMessage(type: MessageType, { mac, firmware }: Model, loader: Loader, xid: number): DhcpMessage {
  const arch = ARCHITECTURES[firmware]
  const bare: DhcpMessage = {
    op: 'bootrequest',
    htype: ETHERNET,
    hops: 0,
    xid,
    secs: 0 as Seconds,
    flags: BROADCAST_FLAG,
    ciaddr: UNSPECIFIED,
    yiaddr: UNSPECIFIED,
    siaddr: UNSPECIFIED,
    giaddr: UNSPECIFIED,
    chaddr: bytesOfMac(mac),
    sname: '',
    file: '',
    options: new Map(),
  }
  const message = [
    (m: DhcpMessage) => withOption(m, messageTypeOption, type),
    (m: DhcpMessage) => withOption(m, maxMessageSize, 1472),
    (m: DhcpMessage) => withOption(m, parameterRequest, PARAMETERS),
    (m: DhcpMessage) => withOption(m, vendorClass, `PXEClient:Arch:${String(arch).padStart(5, '0')}:UNDI:003000`),
    (m: DhcpMessage) => withOption(m, clientSystemArchitecture, [arch]),
    (m: DhcpMessage) => withOption(m, clientNetworkInterface, Uint8Array.of(1, 3, 0)),
    (m: DhcpMessage) => withOption(m, clientMachineIdentifier, identifierOf(mac)),
  ].reduce((m, add) => add(m), bare)
  // iPXE's user class is the bare text, not the list of RFC 3004.
  const own: [number, Uint8Array][] = [
    [77, octets('iPXE')],
    [ipxeEncapsulated.code, IPXE_FEATURES],
  ]
  return loader === 'ipxe' ? withOptions(message, new Map(own)) : message
}

/** Type 0, then 16 octets of UUID: here the MAC in the last six. */
function identifierOf(mac: MacAddress): Uint8Array {
  return Uint8Array.of(0, ...Array.from({ length: 10 }, () => 0), ...bytesOfMac(mac))
}
