import assert from 'node:assert/strict'
import type { hardware } from '@reboots/api'
import { LeaseTable, runStep } from '@reboots/leases'
import { messageType, option, type DhcpMessage, type Option } from '@reboots/protocol/dhcp'
import {
  UNSPECIFIED,
  type Datagram,
  type Endpoint,
  type Instant,
  type Ipv4Address,
  type MacAddress,
  type Seconds,
} from '@reboots/protocol/net'
import {
  compileMatch,
  DEFAULT_POLICY,
  parsePolicy,
  SeenBoots,
  type BootHistory,
  type Policy,
  type Sighting,
} from '@reboots/rules'
import {
  answerDatagram,
  bootServersOn,
  ChainLoads,
  createMachineIndex,
  type DhcpAnswer,
  type MachineIndex,
  type ProbeRequest,
  type ProbeResult,
} from '@reboots/runtime'
import { machine } from '@reboots/testkit'
import type { Networks } from './addressing/networks.ts'
import { Withholding } from './addressing/withhold.ts'
import { ip, MAC } from './client-message.fixture.ts'
import { settingsOf, shape } from './config.ts'
import { handle } from './handle.ts'
import type { Decision, Outcome, Reply } from './outcome.ts'
import type { Arrival, Link, Ports, Settings } from './ports.ts'
import { RelayMemory } from './relay-memory.ts'
import { reservationOf, type Reservation } from './reservation.ts'
import { Cards } from './rival.ts'

export { ip, ipxe, MAC, message, pxe, type Fields } from './client-message.fixture.ts'

export const LINK: Link = { name: 'lan0', address: ip('192.168.1.1'), mask: ip('255.255.255.0') }
export const ADDRESS = '192.168.1.100'
/** A client without an address: nobody, port 68. */
export const NOBODY: Endpoint = { address: UNSPECIFIED, port: 68 }

/** The machine most tests are about: an address, everything else as the record builder has it. */
export const MACHINE = machine({ mac: MAC, address: ADDRESS, dhcp: { gateway: '192.168.1.254' } })

const BOOT = {
  tftpPort: 69,
  httpPort: 7080,
  macFormat: 'colon' as const,
  binaries: { bios: 'undionly.kpxe', 'uefi-x64': 'ipxe.efi', 'uefi-arm64': 'ipxe-arm64.efi' } as never,
}

export interface SiteOptions {
  readonly machines?: readonly hardware.Machine[]
  /** The text of a policy; undefined: none has been seen yet. Default: the policy that ships. */
  readonly policy?: string | undefined
  /** What is remembered of machines. */
  readonly history?: Readonly<Record<string, BootHistory>>
  readonly synced?: boolean
  readonly settings?: Partial<Settings>
  /** The section `dhcp` of a configuration, as far as it is about networks. */
  readonly dhcp?: object
  /** Machines without a record are served. */
  readonly unknown?: boolean
}

/** The networks of a configuration; default: none at all. */
export function networks(dhcp: object = {}, links: readonly Link[] = [LINK]): Networks {
  return configured(dhcp, links).networks
}

function configured(dhcp: object = {}, links: readonly Link[] = [LINK]): Settings {
  const config = shape.parse({
    log: {},
    links: {},
    control: {},
    boot: { binaries: {} },
    dhcp: { metrics: {}, ...dhcp },
  })
  const udp = links.map((link) => ({ ...link, index: 1, hardwareAddress: '02:00:00:00:00:01' as MacAddress }))
  return settingsOf(config, udp)
}

function indexOf(machines: readonly hardware.Machine[]): MachineIndex<Reservation, Sighting> {
  const index = createMachineIndex<Reservation, Sighting>(
    reservationOf,
    (_machine, error) => {
      throw error
    },
    { compile: (when) => compileMatch(when).test },
  )
  index.apply(machines, [])
  return index
}

/** Nothing changes a policy, and most sites have the same. */
const policies = new Map<string, Policy>()

function parsed(text: string): Policy {
  let policy = policies.get(text)
  if (policy === undefined) policies.set(text, (policy = parsePolicy(text, 'test')))
  return policy
}

/** A dhcp service without sockets: records, a policy, a lease table and a clock that stands until it is moved. */
export class Site {
  ports: Ports & { readonly leases: LeaseTable }
  /** No step can be carried out. */
  storeGone = false
  /** When every lease ends in the books, whatever was asked for: a store that others share may know less time. */
  booksEnd: Instant | undefined
  now = 1_700_000_000_000 as Instant
  /** Addresses that somebody uses, and what a probe of them finds. */
  readonly occupied = new Map<Ipv4Address, ProbeResult>()
  /** What was asked of the wire. */
  readonly probed: ProbeRequest[] = []
  #index = indexOf([])
  readonly #withholding: Withholding
  #policy: Policy | undefined

  constructor(options: SiteOptions = {}) {
    const settings: Settings = {
      authoritative: true,
      offerTime: 60 as Seconds,
      quarantineTime: 600 as Seconds,
      networks: networks(options.dhcp),
      classes: configured(options.dhcp).classes,
      admission: () => undefined,
      servesUnknown: options.unknown ?? false,
      clientIdentity: 'mac',
      rapidCommit: false,
      subnetSelection: false,
      conflictProbe: { enabled: false, waitMilliseconds: 400, atOnce: 64 },
      sharedLeases: false,
      bootServers: (link) => bootServersOn(link, BOOT),
      ...options.settings,
    }
    const index = () => this.#index
    const policy = 'policy' in options ? options.policy : DEFAULT_POLICY
    this.#policy = policy === undefined ? undefined : parsed(policy)
    this.ports = {
      machines: {
        byMac: (mac) => index().byMac(mac),
        byTraits: (traits) => index().byTraits(traits),
        byIp: (address) => index().byIp(address),
        get matching() {
          return index().matching
        },
        synced: options.synced ?? true,
      },
      policy: { current: () => this.#policy },
      history: new SeenBoots({ of: (subject) => options.history?.[subject] }, () => this.now),
      leases: new LeaseTable(),
      relays: new RelayMemory(),
      cards: new Cards(),
      chainLoads: new ChainLoads(),
      settings,
    }
    this.#withholding = new Withholding(
      this.ports.leases,
      settings.networks,
      (address) => index().byIp(address) !== undefined,
    )
    this.record(...(options.machines ?? [MACHINE]))
  }

  /** These are the records from now on. */
  record(...machines: readonly hardware.Machine[]): void {
    const before = [...this.#index.addresses]
    this.#index = indexOf(machines)
    this.#withholding.changed([...before, ...this.#index.addresses])
  }

  /** These are the networks from now on, as after a change of the configuration or of a link. */
  configure(dhcp: object, links?: readonly Link[]): void {
    const next = networks(dhcp, links)
    next.succeed(this.ports.settings.networks)
    this.#withholding.use(next, this.#index.addresses)
    this.ports = { ...this.ports, settings: { ...this.ports.settings, networks: next } }
  }

  wait(seconds: number): void {
    this.now = (this.now + seconds * 1000) as Instant
  }

  ask(message: DhcpMessage, arrival: { readonly link?: Link; readonly from?: Endpoint } = {}): Outcome {
    return this.#settled(handle(message, { link: LINK, from: NOBODY, ...arrival }, this.ports, this.now), this.now)
  }

  /** From octets to octets, as the shell does it. */
  serve(datagram: Datagram, link: Link = LINK): DhcpAnswer<Outcome> {
    const handler = (message: DhcpMessage, arrival: Arrival, now: Instant) =>
      this.#settled(handle(message, arrival, this.ports, now), now)
    return answerDatagram(datagram, handler, link)
  }

  /** Carries out what the decision waits for, as the shell does, but at once. */
  #settled(decision: Decision, now: Instant): Outcome {
    if ('probe' in decision) {
      this.probed.push(decision.probe)
      return this.#settled(decision.resume(this.occupied.get(decision.probe.address) ?? 'free'), now)
    }
    if (!('step' in decision)) return decision
    const ran = this.storeGone ? 'unavailable' : runStep(this.ports.leases, decision.step, now)
    const result = typeof ran === 'object' && this.booksEnd !== undefined ? { ...ran, expiresAt: this.booksEnd } : ran
    return this.#settled(decision.conclude(result), now)
  }

  /** As `ask`, for a message that has to be answered. */
  answer(message: DhcpMessage, arrival: { readonly link?: Link; readonly from?: Endpoint } = {}): Reply {
    const outcome = this.ask(message, arrival)
    assert.ok('reply' in outcome, `no reply: ${'silent' in outcome ? outcome.silent : ''}`)
    return outcome
  }
}

/** Reads one option of a reply. */
export function got<T>({ reply }: Reply, which: Option<T>): T | undefined {
  return option(reply, which)
}

/** The codes of a reply's options, ascending, without those that frame every reply (53, 54). */
export function codes({ reply }: Reply): number[] {
  return [...reply.options.keys()].filter((code) => code !== 53 && code !== 54).sort((a, b) => a - b)
}

export function typeOf(outcome: Outcome): string {
  return 'silent' in outcome ? outcome.silent : messageType(outcome.reply)!
}
