import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { HOST_LINK, Lan, type Capture, type Host, type Running } from '@reboots/testkit'
import { initramfs, reportPattern } from './initramfs.ts'
import { kernelPath } from './kernel.ts'
import { Machine, type Firmware, type MachineOptions } from './machine.ts'
import { hardwareDocument, INITRD, KERNEL, type MachineRecord } from './record.ts'
import { startRouter, type Ipv6, type SiteDhcp } from './site.ts'
import { CONTROL_PLANE, Stack, type ServiceName } from './stack.ts'
import { formatTimeline } from './timeline/timeline.ts'
import { observe } from './timeline/observer.ts'
import type { Sighting } from './timeline/sighting.ts'

export const REBOOTS_ADDRESS = '192.168.88.1'
export const SITE_ADDRESS = '192.168.88.2'
export const REPLICA_ADDRESS = '192.168.88.4'
export const ORIGIN = `http://${REBOOTS_ADDRESS}:7080`

/** An argument that the operator adds to every kernel's command line. */
export const OPERATOR_ARGUMENT = 'operator.says=hello'

/** A machine's boot is given up after this long; alone on a computer it takes some 10 to 30 s. */
export const BOOT_WITHIN_MS = 180_000

export interface NetworkOptions {
  /** Directory of its files and logs, below .cache/boot/runs. */
  readonly label: string
  readonly services: readonly ServiceName[]
  /** The DHCP server the site has already. */
  readonly site?: SiteDhcp
  /** That server is on the very host of Reboots, and has Reboots' address. */
  readonly siteHere?: boolean
  readonly records: readonly MachineRecord[]
  /** The boot policy, a document; absent: the one that ships. */
  readonly policy?: string
  /** More for the section `rules` of the configuration. */
  readonly rules?: object
  /** What the network is besides IPv4; `none` costs waiting (see `startRouter`). */
  readonly ipv6: Ipv6
  /** Another proxydhcp, on a host of its own, and TFTP beside it or at the first. Scripts are at the first. */
  readonly replica?: 'with-tftp' | 'without-tftp'
  /** How machines may look for boot servers; absent: not at all. */
  readonly discovery?: { readonly multicast: string } | { readonly broadcast: true }
  /** Boot files that the TFTP server has besides those of the system, by name. */
  readonly tftpFiles?: Readonly<Record<string, Uint8Array>>
  /** What ipxe-http has below /files besides kernel and initrd, by path. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>
  /** How proxydhcp hears port 67; absent: it binds it. */
  readonly port67?: 'share' | 'capture'
  /** What is served for kernel and initrd; absent: a real kernel (see `fetch-kernel`) and the RAM disk that reports. */
  readonly bootFiles?: BootFiles
}

export interface BootFiles {
  readonly kernel: Uint8Array
  readonly initrd: Uint8Array
}

export interface Booted {
  /** The kernel's command line, as the machine itself reports it. */
  readonly commandLine: string
  /** What was on the wire between power-on and the report. */
  readonly sightings: readonly Sighting[]
}

/** A private network with Reboots in it, a site's own DHCP server if wanted, and machines that are switched on in it. */
export class Network {
  readonly lan: Lan
  readonly capture: Capture
  readonly stack: Stack
  readonly reboots: Host
  readonly site: Running | undefined
  /** The hosts of both, each once. */
  readonly servers: readonly Host[]
  readonly directory: string
  readonly #token: string
  readonly #machines: Machine[] = []

  private constructor(
    parts: Pick<Network, 'lan' | 'capture' | 'stack' | 'reboots' | 'site' | 'servers' | 'directory'>,
    token: string,
  ) {
    this.lan = parts.lan
    this.capture = parts.capture
    this.stack = parts.stack
    this.reboots = parts.reboots
    this.site = parts.site
    this.servers = parts.servers
    this.directory = parts.directory
    this.#token = token
  }

  static async open(options: NetworkOptions): Promise<Network> {
    const directory = fileURLToPath(new URL(`../../../.cache/boot/runs/${options.label}`, import.meta.url))
    await rm(directory, { recursive: true, force: true })
    const token = `REBOOTS-${randomBytes(8).toString('hex')}`
    await writeFiles(directory, token, options)
    const lan = await Lan.open({ prefix: 'bt' })
    try {
      const capture = await lan.capture()
      const reboots = await lan.addHost('reboots', { address: `${REBOOTS_ADDRESS}/24` })
      const siteHost = await hostOfSite(lan, reboots, options)
      const site = siteHost === undefined ? undefined : await options.site!.start(siteHost, directory)
      if (options.ipv6 !== 'none') await startRouter(await lan.addHost('router'), directory, options.ipv6)
      const servers = [...new Set([reboots, siteHost ?? reboots])]
      const stack = await Stack.configure(reboots, directory, configuration(options))
      await stack.start(...options.services)
      if (options.replica !== undefined) await startReplica(lan, directory, options)
      return new Network({ lan, capture, stack, reboots, site, servers, directory }, token)
    } catch (error) {
      await lan.close()
      throw error
    }
  }

  /** Switches a machine on, and off again when its kernel has reported. Rejects if it does not. */
  async boot(firmware: Firmware, mac: string, uuid?: string): Promise<Booted> {
    return this.untilItReports(await this.powerOn(firmware, mac, undefined, uuid))
  }

  /** Waits for the report of a machine that has been switched on. */
  async untilItReports(machine: Machine): Promise<Booted> {
    const [, commandLine] = await machine.waitFor(reportPattern(this.#token), BOOT_WITHIN_MS)
    await machine.powerOff()
    return { commandLine: commandLine!, sightings: this.sightings(machine.poweredOnAt) }
  }

  /** On a network behind a router, if one is given. */
  async powerOn(firmware: Firmware, mac: string, disk?: string, uuid?: string, lan = this.lan): Promise<Machine> {
    const more = { ...(disk === undefined ? {} : { disk }), ...(uuid === undefined ? {} : { uuid }) }
    return this.#powerOn({ firmware, mac, ...more }, lan)
  }

  /** A machine that starts again when what it runs says so, instead of going off. */
  async powerOnForLong(firmware: Firmware, mac: string): Promise<Machine> {
    return this.#powerOn({ firmware, mac, restarts: true }, this.lan)
  }

  async #powerOn(options: Omit<MachineOptions, 'directory'>, lan: Lan): Promise<Machine> {
    const directory = join(this.directory, `machine-${this.#machines.length}`)
    const machine = await Machine.powerOn(lan, { ...options, directory })
    this.#machines.push(machine)
    return machine
  }

  /** What was on the wire since then. */
  sightings(since = 0): Sighting[] {
    return observe(this.capture.packets()).filter(({ packet }) => packet.at >= since)
  }

  /** The services of the control plane are gone; what the others hold of it has to do. */
  async stopControlPlane(): Promise<void> {
    await this.stack.stop(...CONTROL_PLANE)
  }

  /** For whoever has to find out what went wrong: the boots as timelines, the end of each console and of each log. */
  story(): string {
    const names = new Map([
      [REBOOTS_ADDRESS, 'Reboots'],
      [SITE_ADDRESS, 'site'],
    ])
    const boots = this.#machines.flatMap((machine, index) => {
      const off = this.#machines[index + 1]?.poweredOnAt ?? Infinity
      const packets = this.capture.packets().filter(({ at }) => at >= machine.poweredOnAt && at < off)
      return [`# boot ${index}`, formatTimeline(machine, packets, names), '# its console', machine.console.slice(-3000)]
    })
    const logs = this.stack.names().flatMap((name) => [`# ${name}`, this.stack.output(name).slice(-4000)])
    return [...boots, ...logs].join('\n')
  }

  async close(): Promise<void> {
    await this.lan.close()
    for (const name of this.stack.names()) {
      await writeFile(join(this.directory, `${name}.log`), this.stack.output(name))
    }
    for (const [index, machine] of this.#machines.entries()) {
      await writeFile(join(this.directory, `machine-${index}`, 'console.txt'), machine.console)
    }
  }
}

/** Opens a network, hands it to the body and removes it, whatever happens; a failure comes with the story of the boot. */
export async function withNetwork(options: NetworkOptions, body: (network: Network) => Promise<void>): Promise<void> {
  const network = await Network.open(options)
  try {
    await body(network)
  } catch (error) {
    console.error(network.story())
    throw error
  } finally {
    await network.close()
  }
}

const POLICY_FILE = 'policy.yaml'
const TFTP_ROOT = 'tftp'

async function writeFiles(
  directory: string,
  token: string,
  { records, policy, bootFiles, tftpFiles = {}, files: moreFiles = {} }: NetworkOptions,
): Promise<void> {
  const files = join(directory, 'files')
  await mkdir(files, { recursive: true })
  const { kernel, initrd } = bootFiles ?? { kernel: await readFile(await kernelPath()), initrd: await initramfs(token) }
  await writeFile(join(files, KERNEL), kernel)
  await writeFile(join(files, INITRD), initrd)
  await mkdir(join(directory, TFTP_ROOT))
  for (const [name, octets] of Object.entries(tftpFiles)) await writeBelow(join(directory, TFTP_ROOT, name), octets)
  for (const [name, content] of Object.entries(moreFiles)) await writeBelow(join(files, name), content)
  if (policy !== undefined) await writeFile(join(directory, POLICY_FILE), policy)
  const documents = records.map((record) => JSON.stringify(hardwareDocument(record, ORIGIN), undefined, 2))
  await writeFile(join(directory, 'hardware.yaml'), `${documents.join('\n---\n')}\n`)
}

/** It knows nothing of the first, and has the control plane in common with it. */
async function startReplica(lan: Lan, directory: string, options: NetworkOptions): Promise<void> {
  const host = await lan.addHost('replica', { address: `${REPLICA_ADDRESS}/24` })
  const files = join(directory, 'replica')
  await mkdir(join(files, TFTP_ROOT), { recursive: true })
  const boot = { httpHost: REBOOTS_ADDRESS, ...(options.replica === 'without-tftp' && { tftpHost: REBOOTS_ADDRESS }) }
  const stack = await Stack.configure(host, files, { ...configuration(options), boot })
  await stack.start('proxydhcp', ...(options.replica === 'with-tftp' ? (['tftp'] as const) : []))
}

async function writeBelow(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, content)
}

async function hostOfSite(
  lan: Lan,
  reboots: Host,
  { site, siteHere = false }: NetworkOptions,
): Promise<Host | undefined> {
  if (site === undefined) return undefined
  return siteHere ? reboots : lan.addHost('site', { address: `${SITE_ADDRESS}/24` })
}

/** Where the control plane is, when it is for several hosts. */
const SHARED = { hardware: `${REBOOTS_ADDRESS}:42113`, rules: `${REBOOTS_ADDRESS}:42115` }

function configuration(options: NetworkOptions): Readonly<Record<string, unknown>> {
  const { policy, rules, discovery, port67 } = options
  const isShared = options.replica !== undefined
  return {
    ...(isShared && { control: SHARED }),
    proxydhcp: { ...(discovery !== undefined && { discovery }), ...(port67 !== undefined && { port67 }) },
    rules: {
      ...(policy !== undefined && { policy: POLICY_FILE }),
      ...(isShared && { listen: SHARED.rules }),
      ...rules,
    },
    links: { interfaces: [HOST_LINK] },
    hardware: { files: ['hardware.yaml'], ...(isShared && { listen: SHARED.hardware }) },
    tftp: { root: [TFTP_ROOT, 'files', '/usr/lib/ipxe'] },
    http: { files: ['files'], ipxe: [TFTP_ROOT, '/usr/lib/ipxe'], extraKernelArgs: [OPERATOR_ARGUMENT] },
  }
}
