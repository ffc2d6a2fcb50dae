import { now } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { arpAsker, echoAsker, type Answered } from './askers.ts'
import { Prober, type Asker, type Probe, type ProbeBudget, type ProbeRequest } from './prober.ts'
import { loadRawSockets, type RawSockets } from './raw-sockets.ts'

export interface ProbingOptions {
  /** Part of the names of the metrics. */
  readonly name: string
  readonly log: Log
  readonly metrics: Metrics
}

/** Where addresses are given out, and how they are asked for. */
export interface Wires extends ProbeBudget {
  /** Interfaces with addresses to give away on them. */
  readonly links: readonly string[]
  /** Whether there are addresses to give away behind relay agents, too. */
  readonly relayed: boolean
}

/** What it takes to ask who uses an address. Until it is told where, every address counts as free. */
export class Probing {
  readonly #options: ProbingOptions
  readonly #sockets: RawSockets | undefined
  readonly #askers = new Map<string, Asker>()
  readonly #prober: Prober
  /** What has been warned of. */
  #problems: readonly string[] = []

  static async open(options: ProbingOptions): Promise<Probing> {
    return new Probing(options, await loadRawSockets())
  }

  private constructor(options: ProbingOptions, sockets: RawSockets | undefined) {
    this.#options = options
    this.#sockets = sockets
    this.#prober = new Prober({ askerFor: (request) => this.#askerFor(wayOf(request)), ...world(options) })
    const gauge = options.metrics.gauge(`reboots_${options.name}_probes_running`, 'Addresses that are being asked for')
    options.metrics.onScrape(() => gauge.set(this.#prober.size))
  }

  get probe(): Probe {
    return this.#prober.probe
  }

  /** For the operator: `ARP on eth0`, `ICMP`. */
  get ways(): readonly string[] {
    return [...this.#askers.keys()]
  }

  /** Opens what that takes, as far as it can be had; what cannot is said in one warning, and such addresses count as free. */
  use(wires: Wires): void {
    const wanted = waysOf(wires)
    for (const [way, asker] of this.#askers) {
      if (wanted.includes(way)) continue
      this.#askers.delete(way)
      asker.close()
    }
    this.#prober.budget = wires
    this.#warnOf(wanted.flatMap((way) => this.#openWay(way) ?? []))
  }

  /** Each problem once, as long as it lasts. */
  #warnOf(problems: readonly string[]): void {
    const unheard = problems.filter((problem) => !this.#problems.includes(problem))
    this.#problems = problems
    if (unheard.length > 0)
      this.#options.log.warn({ why: unheard }, 'addresses are offered without asking who uses them')
  }

  close(): void {
    this.#prober.close()
    for (const asker of this.#askers.values()) asker.close()
    this.#askers.clear()
  }

  /** Most ways are opened beforehand; a record of the hardware service may make another one necessary at any time. */
  #askerFor(way: string): Asker | undefined {
    if (!this.#askers.has(way) && !this.#problems.some((problem) => problem.startsWith(`${way}: `))) {
      const problem = this.#openWay(way)
      if (problem !== undefined) this.#warnOf([...this.#problems, problem])
    }
    return this.#askers.get(way)
  }

  /** What keeps it from being opened; undefined when it is open. */
  #openWay(way: string): string | undefined {
    if (this.#askers.has(way)) return undefined
    if (this.#sockets === undefined) return `${way}: ${NO_KOFFI}`
    try {
      const asker = open(this.#sockets, way, (address, occupant) => this.#prober.answered(asker, address, occupant))
      this.#askers.set(way, asker)
      return undefined
    } catch (error) {
      return `${way}: ${whyNot(error)}`
    }
  }
}

/** Why nobody can be asked here who uses an address; undefined when that can be done. */
export async function whyNoProbing(): Promise<string | undefined> {
  const sockets = await loadRawSockets()
  if (sockets === undefined) return NO_KOFFI
  try {
    sockets.openArp('lo').close()
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOTSUP' ? undefined : whyNot(error)
  }
}

const NO_KOFFI = 'koffi is not available'
const ICMP = 'ICMP'

function wayOf({ method, link }: ProbeRequest): string {
  return method === 'icmp' ? ICMP : `ARP on ${link}`
}

function waysOf({ links, relayed }: Wires): readonly string[] {
  return [...links.map((link) => `ARP on ${link}`), ...(relayed ? [ICMP] : [])]
}

function open(sockets: RawSockets, way: string, answered: Answered): Asker {
  if (way === ICMP) return echoAsker(() => sockets.openEcho(), answered)
  return arpAsker(() => sockets.openArp(way.slice('ARP on '.length)), answered)
}

function whyNot(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code === 'EPERM' || code === 'EACCES' ? 'CAP_NET_RAW is missing' : message
}

function world({ name, metrics }: ProbingOptions) {
  const probes = metrics.counter(
    `reboots_${name}_probes_total`,
    'Addresses of pools before they are offered: asked for, by what came of it, or why not',
    ['link', 'method', 'outcome'],
  )
  return {
    now,
    count: ({ link, method }: ProbeRequest, outcome: string) => probes.inc({ link, method, outcome }),
    later(milliseconds: number, wake: () => void) {
      const timer = setTimeout(wake, milliseconds)
      return () => clearTimeout(timer)
    },
  }
}
