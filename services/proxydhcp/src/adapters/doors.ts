import { SERVER_PORT } from '@reboots/protocol/dhcp'
import { BOOT_SERVER_PORT } from '@reboots/protocol/pxe'
import { serveDhcp, type DhcpService, type DoorWay, type LinkDoors, type UdpLink } from '@reboots/runtime'
import { handle } from '../handle.ts'
import { onBootServer } from '../on-boot-server.ts'
import type { Outcome } from '../outcome.ts'
import { levelOf, remarksOf } from '../packet-line.ts'
import type { Ports } from '../ports.ts'
import { late } from './late-door.ts'

/** Opens the DHCP server port and that of PXE boot servers (PXE 2.1 §2.2.5) on every link, and answers what comes in there by what `ports` gives then. */
export function openDoors(
  links: readonly UdpLink[],
  ports: () => Ports,
  surroundings: Pick<DhcpService<Outcome>, 'log' | 'metrics' | 'open' | 'ioThread'>,
  { port67, delayMilliseconds }: { readonly port67: DoorWay; readonly delayMilliseconds: number },
): Promise<LinkDoors> {
  const { multicast } = ports().settings.discovery
  return serveDhcp<Outcome>({
    name: 'proxydhcp',
    links,
    groups: new Map([[BOOT_SERVER_PORT, multicast === undefined ? [] : [multicast]]]),
    ways: new Map([[SERVER_PORT, port67]]),
    doors: [
      [SERVER_PORT, (message, arrival, now) => handle(message, arrival, ports(), now)],
      [BOOT_SERVER_PORT, (message, arrival, now) => onBootServer(message, arrival, ports(), now)],
    ],
    level: levelOf,
    remarks: remarksOf,
    ...surroundings,
    ...(delayMilliseconds > 0 && { open: late(SERVER_PORT, delayMilliseconds, surroundings.open) }),
  })
}
