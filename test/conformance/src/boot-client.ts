import type { Client } from './client.ts'
import type { Lab, Travel } from './lab.ts'
import { SERVER } from './site.ts'
import { text, u16 } from './wire/octets.ts'
import { DISCOVER, REQUEST, type Request, type RequestOption } from './wire/request.ts'
import type { Reply } from './wire/wire.ts'

/** What of a boot client's message is not as usual. `options` take the place of those with the same code. */
export interface Boots {
  readonly vendor?: string
  readonly options?: readonly RequestOption[]
  readonly request?: Partial<Request>
}

/** The address that the site's own server gave the clients of this suite. */
export const CLIENT_ADDRESS = '192.168.77.87'

/** The list of UEFI, shortened. */
const LIST: RequestOption = [55, '01030c0f2b3c4243618081828384858687']

/** DISCOVER of a PXE ROM or UEFI of an architecture. */
export function pxe(client: Client, arch: number, boots: Boots = {}): Request {
  return { type: DISCOVER, chaddr: client.mac, flags: 0x8000, options: bootOptions(arch, boots), ...boots.request }
}

/** What it asks the boot server on port 4011 when it has an address. */
export function bootRequest(client: Client, arch: number, boots: Boots = {}): Request {
  const options = bootOptions(arch, boots)
  return { type: REQUEST, chaddr: client.mac, ciaddr: CLIENT_ADDRESS, options, ...boots.request }
}

/** From port 4011 of the client (UEFI) unless it is said. */
export function to4011(fromPort = 4011): Travel {
  return { from: CLIENT_ADDRESS, fromPort, to: SERVER, toPort: 4011 }
}

/** Asks port 4011 and returns the answer. */
export async function stage4011(lab: Lab, client: Client, arch: number, boots: Boots = {}): Promise<Reply> {
  return lab.ask(bootRequest(client, arch, boots), to4011())
}

function bootOptions(arch: number, { vendor, options = [] }: Boots): RequestOption[] {
  const name = vendor ?? `PXEClient:Arch:${String(arch).padStart(5, '0')}:UNDI:003016`
  const usual: RequestOption[] = [LIST, [57, '05c0'], [93, u16(arch)], [94, '010300']]
  const kept = usual.filter(([code]) => !options.some(([other]) => other === code))
  return [...kept, ...options, ...(name === '' ? [] : [[60, text(name)] as const])]
}
