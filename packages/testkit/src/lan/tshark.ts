import { run } from './command.ts'

/** What makes a packet faulty in tshark's eyes: it cannot be taken apart, or a note of the level `error` is on it. */
const FAULT = '(_ws.malformed or _ws.expert.severity >= 0x600000)'

/**
 * The packets of a capture file that tshark finds fault with, each with everything it reads in it; '' when there are none. `where` is a
 * display filter for the packets that count. Port 4011 is read as DHCP as well.
 */
export async function tsharkFaults(file: string, where: string): Promise<string> {
  const args = ['-n', '-r', file, '-d', 'udp.port==4011,dhcp', '-Y', `(${where}) and ${FAULT}`, '-V']
  return run({ command: 'tshark', args })
}
