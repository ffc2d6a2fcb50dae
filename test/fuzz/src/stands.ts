import { runStep, type LeaseStep, type LeaseTable, type StepResult } from '@reboots/leases'
import type { Instant } from '@reboots/protocol/net'
import { serveDhcpWithStore, type DhcpDecision, type DhcpOutcome, type Probe } from '@reboots/runtime'
import { DHCP, LINKS, MACHINES } from './site.ts'
import { Doors, type Stand } from './stand.ts'

/** As test/performance/src/answer-rate.ts: what is shot at here is the inside of the services, without sockets and processes. */
const inside = (file: string) => import(new URL(`../../../services/${file}.ts`, import.meta.url).href)

/** Every kind of decision, for machines with a record and for those without. */
const POLICY = `apiVersion: reboots/v1
kind: BootPolicy
profiles:
  hook: { linux: { kernel: http://192.0.2.1/vmlinuz, initrd: http://192.0.2.1/initrd } }
menus:
  m:
    timeoutSeconds: 5
    entries:
      - { title: Hook, boot: hook }
      - { title: Disk, boot: local-disk }
      - { title: File, file: memtest.efi }
      - { title: Elsewhere, type: 32769, server: 192.0.2.9 }
rules:
  - { name: refused, when: network.circuitId.endsWith("1"), then: { deny: that cage boots from disk } }
  - { name: disk, when: client.mac.endsWith("4"), then: local-disk }
  - { name: ignored, when: client.mac.endsWith("7") || client.uuid.startsWith("0"), then: ignore }
  - { name: choice, when: client.mac.endsWith("1") || client.mac.endsWith("3"), then: { menu: m } }
otherwise: { boot: hook }
`
const SECTIONS = { log: {}, links: {}, control: {}, boot: { binaries: {} } }

/** Variants of the configuration, so that every switch is in both positions somewhere. */
const VARIANTS = [
  { name: 'dhcp', identity: 'mac', config: {} },
  {
    name: 'dhcp with everything on',
    identity: 'client-id',
    config: {
      clientIdentity: 'client-id',
      authoritative: false,
      rapidCommit: true,
      subnetSelection: true,
      admission: { denyOuis: ['02:00:00'], clientPerSecond: 500, relayPerSecond: 100_000 },
    },
  },
] as const

/** Every service that answers DHCP messages, each as its main program wires it. */
export async function openStands(): Promise<readonly Stand[]> {
  return [...(await Promise.all(VARIANTS.map(openDhcp))), await openProxydhcp()]
}

async function openDhcp({ name, identity, config }: (typeof VARIANTS)[number]): Promise<Stand> {
  const { settingsOf, shape } = await inside('dhcp/src/config')
  const { handle } = await inside('dhcp/src/handle')
  const { levelOf, remarksOf } = await inside('dhcp/src/packet-line')
  // The fixture of the service's own tests: it always has what the handlers need.
  const { Site } = await inside('dhcp/src/site.fixture')
  const settings: unknown = settingsOf(shape.parse({ ...SECTIONS, dhcp: { metrics: {}, ...DHCP, ...config } }), LINKS)
  const site = new Site({ machines: MACHINES, policy: POLICY, settings })
  const doors = new Doors('dhcp')
  await serveDhcpWithStore<DhcpOutcome, LeaseStep, StepResult>({
    name: 'dhcp',
    links: LINKS,
    doors: [
      [
        67,
        (message, arrival, now): DhcpDecision<DhcpOutcome, LeaseStep, StepResult> =>
          handle(message, arrival, site.ports, now),
      ],
    ],
    probe: identity === 'mac' ? undefined : probed,
    run: async (steps, now) => steps.map((step) => carriedOut(site.ports.leases, step, now)),
    level: levelOf,
    remarks: remarksOf,
    ...doors.surroundings,
  })
  return { name, identity, proxy: false, doors: doors.doors }
}

/** One step in five hundred cannot be carried out, as if the disk were full for that long. */
let steps = 0
function carriedOut(leases: LeaseTable, step: LeaseStep, now: Instant): StepResult {
  return ++steps % 500 === 0 ? 'unavailable' : runStep(leases, step, now)
}

/** Of the probes one in seven takes its time, and one in eleven finds a host that nobody has given the address to. */
let probes = 0
const probed: Probe = (_, done) => {
  const number = ++probes
  const result = number % 11 === 0 ? { occupant: LINKS[1].hardwareAddress } : 'free'
  if (number % 7 > 0) return result
  queueMicrotask(() => done(result))
  return undefined
}

async function openProxydhcp(): Promise<Stand> {
  const { openDoors } = await inside('proxydhcp/src/adapters/doors')
  const { site } = await inside('proxydhcp/src/site.fixture')
  const ports: unknown = site({ machines: MACHINES, policy: POLICY })
  const doors = new Doors('proxydhcp')
  await openDoors(LINKS, () => ports, doors.surroundings, { port67: 'bind', delayMilliseconds: 0 })
  return { name: 'proxydhcp', identity: 'mac', proxy: true, doors: doors.doors }
}
