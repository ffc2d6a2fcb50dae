import { randomInt } from 'node:crypto'
import {
  bootFileName,
  messageType,
  option,
  router,
  subnetMask,
  vendorSpecific,
  type DhcpMessage,
} from '@reboots/protocol/dhcp'
import { formatIpv4, UNSPECIFIED, type Ipv4Address } from '@reboots/protocol/net'
import { decodeVendorOptions, DISCOVERY_CONTROL } from '@reboots/protocol/pxe'
import { DhcpDialog, serverOf, type Heard, type Judgement } from './dhcp-dialog.ts'
import { runScript, type Selected } from './ipxe-interpreter.ts'
import { clearLink, configureLink } from './link.ts'
import { askBootServer, discover, select, type Loader, type Model } from './messages.ts'
import { fetchByTftp } from './tftp-fetch.ts'

const EVERYONE = '255.255.255.255'
const SERVER_PORT = 67
const CLIENT_PORT = 68
const BOOT_SERVER_PORT = 4011

/** Where a machine was told to boot from. */
interface BootSource {
  readonly server: Ipv4Address
  readonly file: string
}

interface Configured extends BootSource {
  readonly address: Ipv4Address
}

/** What the model machine got. */
export interface ModelBoot {
  readonly address: string
  /** The network boot program that the firmware loaded. */
  readonly program: { readonly file: string; readonly length: number }
  readonly script: { readonly url: string; readonly text: string }
  /** What the script would start; undefined if it starts nothing. */
  readonly selected: Selected | undefined
}

/**
 * Boots a machine that exists only as its packets: firmware by DHCP and TFTP, then iPXE by DHCP and HTTP, over real sockets, on an
 * interface of a network namespace of its own. It loads what a machine would load and starts nothing. Rejects when a step
 * fails, saying which.
 */
export async function bootModel(model: Model, link: string, say: (text: string) => void): Promise<ModelBoot> {
  const firmware = await configure(model, 'firmware', link)
  const bytes = await fetchByTftp(formatIpv4(firmware.server), firmware.file)
  if (bytes.length === 0) throw new Error(`${firmware.file} is empty`)

  const ipxe = await configure(model, 'ipxe', link)
  const text = new TextDecoder().decode(await fetchUrl(ipxe.file))
  const settings = { 'net0/mac': model.mac, mac: model.mac, buildarch: model.firmware === 'uefi' ? 'x86_64' : 'i386' }
  const selected = await runScript(text, { fetch: fetchUrl, echo: say, settings })
  return {
    address: formatIpv4(ipxe.address),
    program: { file: firmware.file, length: bytes.length },
    script: { url: ipxe.file, text },
    selected,
  }
}

/** DISCOVER, OFFERs, REQUEST, ACK, and port 4011 where it takes that: an address on the interface, and a place to boot from. */
async function configure(model: Model, loader: Loader, link: string): Promise<Configured> {
  await clearLink(link)
  const dialog = await DhcpDialog.open(CLIENT_PORT)
  try {
    const offers = await dialog.ask(
      discover(model, loader, randomInt(2 ** 32)),
      { address: EVERYONE, port: SERVER_PORT },
      { all: isComplete, usable: some(isAddressOffer) },
    )
    const offer = offers.find(isAddressOffer)
    const server = offer === undefined ? undefined : serverOf(offer)
    if (offer === undefined || server === undefined) throw new Error(`${loader}: nobody offers an address`)
    const request = select(model, loader, offer.message, server)
    // Late offers to the same transaction may come before the answer.
    const final = some(isFinal)
    const answers = await dialog.ask(request, { address: EVERYONE, port: SERVER_PORT }, { all: final, usable: final })
    const answer = answers.find(isFinal)
    if (answer === undefined || messageType(answer.message) !== 'ack')
      throw new Error(`${loader}: the REQUEST got no ACK`)
    const address = answer.message.yiaddr
    const [gateway] = option(answer.message, router) ?? []
    await configureLink(link, address, option(answer.message, subnetMask) ?? UNSPECIFIED, gateway)
    const source = bootSource(answer) ?? (await fromProxy(model, loader, dialog, offers, address))
    return { address, ...source }
  } finally {
    dialog.close()
  }
}

/** What a ProxyDHCP offer leads to: its own file when it says so, else what its boot server says (PXE 2.1 §2.2). */
async function fromProxy(
  model: Model,
  loader: Loader,
  dialog: DhcpDialog,
  offers: readonly Heard[],
  address: Ipv4Address,
): Promise<BootSource> {
  const proxy = offers.find(isProxyOffer)
  if (proxy === undefined) throw new Error(`${loader}: nobody says what to boot`)
  const direct = bootSource(proxy)
  if (direct !== undefined && (loader === 'ipxe' || bootsDirectly(proxy.message))) return direct
  const to = proxy.message.siaddr === UNSPECIFIED ? (serverOf(proxy) ?? UNSPECIFIED) : proxy.message.siaddr
  // UEFI asks from port 4011 itself, a BIOS ROM from the DHCP client's port.
  const own = model.firmware === 'uefi' ? await DhcpDialog.open(BOOT_SERVER_PORT) : dialog
  try {
    const question = askBootServer(model, loader, randomInt(2 ** 32), address)
    const bootServer = { address: formatIpv4(to), port: BOOT_SERVER_PORT }
    const [answer] = await own.ask(question, bootServer, { all: anyAnswer, usable: anyAnswer })
    const source = answer === undefined ? undefined : bootSource(answer)
    if (source === undefined) throw new Error(`${loader}: the boot server ${formatIpv4(to)} names no file`)
    return source
  } finally {
    if (own !== dialog) own.close()
  }
}

function bootSource(heard: Heard): BootSource | undefined {
  const { message } = heard
  const file = option(message, bootFileName) ?? message.file
  const server = message.siaddr === UNSPECIFIED ? serverOf(heard) : message.siaddr
  return file === '' || server === undefined ? undefined : { server, file }
}

/** Option 43, sub-option 6, bit 3: load the file of this very offer. */
function bootsDirectly(message: DhcpMessage): boolean {
  const value = option(message, vendorSpecific)
  const control = value === undefined ? 0 : (decodeVendorOptions(value).discoveryControl ?? 0)
  return (control & DISCOVERY_CONTROL.bootFileDirectly) !== 0
}

function isAddressOffer({ message }: Heard): boolean {
  return messageType(message) === 'offer' && message.yiaddr !== UNSPECIFIED
}

function isProxyOffer({ message }: Heard): boolean {
  return messageType(message) === 'offer' && message.yiaddr === UNSPECIFIED
}

/** An address, and from the same server or from another one something to boot. */
function isComplete(offers: readonly Heard[]): boolean {
  return offers.some(isAddressOffer) && offers.some((heard) => isProxyOffer(heard) || bootSource(heard) !== undefined)
}

function isFinal({ message }: Heard): boolean {
  return ['ack', 'nak'].includes(messageType(message) ?? '')
}

function some(wanted: (heard: Heard) => boolean): Judgement {
  return (answers) => answers.some(wanted)
}

const anyAnswer = some(() => true)

async function fetchUrl(url: string): Promise<Uint8Array> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url}: ${response.status} ${(await response.text()).trim()}`)
  return new Uint8Array(await response.arrayBuffer())
}
