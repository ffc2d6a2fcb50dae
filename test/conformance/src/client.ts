import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { byUnicast, type Lab, type Travel } from './lab.ts'
import { bytes, ip, mac, textOf } from './wire/octets.ts'
import { ACK, DISCOVER, OFFER, REQUEST, type Request, type RequestOption } from './wire/request.ts'
import type { Reply } from './wire/wire.ts'

/** Who asks: a machine of the site, or one that nobody knows. */
export interface Client {
  readonly mac: string
}

/** What a common client asks for. */
export const COMMON_LIST: RequestOption = [55, '0103060f2a33363a3b']

export function discover(client: Client, more: Partial<Request> = {}): Request {
  return { type: DISCOVER, chaddr: client.mac, ...more, options: withList(more.options) }
}

/** The list of a test itself, where it has one. */
function withList(options: readonly RequestOption[] = []): readonly RequestOption[] {
  return options.some(([code]) => code === 55) ? options : [COMMON_LIST, ...options]
}

/** The REQUEST that takes an offer (RFC 2131 §4.3.2, SELECTING). */
export function select(client: Client, offer: Reply, more: Partial<Request> = {}): Request {
  const chosen: RequestOption[] = [
    [54, offer.option(54)!],
    [50, ip(offer.yiaddr)],
  ]
  return { type: REQUEST, chaddr: client.mac, ...more, options: [...chosen, ...withList(more.options)] }
}

/** RENEWING when sent to the server, REBINDING when sent to everyone: only `ciaddr` names the address. */
export function extend(client: Client, ciaddr: string, more: Partial<Request> = {}): Request {
  return { type: REQUEST, chaddr: client.mac, ciaddr, ...more, options: withList(more.options) }
}

/** INIT-REBOOT: an address from before, and no server. */
export function reboot(client: Client, address: string, more: Partial<Request> = {}): Request {
  const options: RequestOption[] = [[50, ip(address)], ...withList(more.options)]
  return { type: REQUEST, chaddr: client.mac, ...more, options }
}

/** A client gets its address in four messages and uses it from then on. Returns the ACK. */
export async function bind(lab: Lab, client: Client, more: Partial<Request> = {}, travel: Travel = {}): Promise<Reply> {
  const offer = await lab.ask(discover(client, more), travel)
  assert.equal(offer.type, OFFER)
  const ack = await lab.ask(select(client, offer, more), travel)
  assert.deepEqual([ack.type, ack.yiaddr], [ACK, offer.yiaddr])
  lab.own(ack.yiaddr, client.mac, travel.link)
  return ack
}

/** The client renews at the server, and is answered at its address. */
export function renew(lab: Lab, client: Client, address: string, more: Partial<Request> = {}): Promise<Reply> {
  return lab.ask(extend(client, address, more), byUnicast(address))
}

/** The type of a reply, or `silence`: for rows where several outcomes are in order. */
export async function outcomes(lab: Lab, request: Request, travel: Travel = {}): Promise<(number | undefined)[]> {
  return (await lab.askAll(request, travel)).map(({ type }) => type)
}

/** The boot file of a reply: option 67 where the client asked for it (it may stand for the header field then), else `file`. */
export function bootFile(reply: Reply): string {
  return textOf(reply.option(67)) ?? reply.file
}

const VECTORS = new URL('../../../packages/protocol/vectors/', import.meta.url)

/** A message of real firmware, as captured, from another hardware address: wherever the old one stands in it the new one does then. */
export function vector(
  name: string,
  client: Client,
  ...replacements: readonly (readonly [string, string])[]
): Uint8Array {
  const captured = readFileSync(new URL(`${name}.hex`, VECTORS), 'latin1').replaceAll(/\s/g, '')
  const own = captured.slice(56, 68)
  const changes = [[own, mac(client.mac)], ...replacements] as const
  return bytes(changes.reduce((message, [from, to]) => replaced(message, from, to), captured))
}

function replaced(message: string, from: string, to: string): string {
  assert.ok(message.includes(from), `${from} is in the message`)
  return message.replaceAll(from, to)
}
