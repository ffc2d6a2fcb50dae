import { openCapture, type Capture } from './capture.ts'
import { run, type Command } from './command.ts'
import { closeNamespace, inNamespace, openNamespace, type Namespace } from './namespace.ts'
import { Running } from './running.ts'

export interface LanOptions {
  /** First part of the names of its namespaces, so that suites can be told apart. */
  readonly prefix: string
}

export interface HostOptions {
  /** With prefix length, `192.168.88.1/24`; none for a host that has yet to get one. */
  readonly address?: string
  readonly mac?: string
}

/** The name of a host's interface on the LAN it belongs to. */
export const HOST_LINK = 'eth0'
const BRIDGE = 'br0'

/**
 * One broadcast domain of its own: a bridge in a namespace, hosts in namespaces around it, taps for virtual machines.
 * It touches no interface of the machine it runs on.
 */
export class Lan {
  readonly #prefix: string
  readonly #switch: Namespace
  readonly #hosts: Host[] = []
  readonly #started: Running[] = []
  #taps = 0

  private constructor(prefix: string, bridge: Namespace) {
    this.#prefix = prefix
    this.#switch = bridge
  }

  static async open({ prefix }: LanOptions): Promise<Lan> {
    const lan = new Lan(prefix, await openNamespace(prefix, 'lan'))
    // The hosts' own traffic only: no IPv6 of the bridge itself, and no waiting before a new port forwards.
    await lan.#ip(
      'link',
      'add',
      BRIDGE,
      'type',
      'bridge',
      'forward_delay',
      '0',
      'stp_state',
      '0',
      'mcast_snooping',
      '0',
    )
    await lan.#ip('link', 'set', BRIDGE, 'up')
    return lan
  }

  async addHost(name: string, options: HostOptions = {}): Promise<Host> {
    const host = new Host(name, await openNamespace(this.#prefix, name))
    await this.attach(host, HOST_LINK, options)
    this.#hosts.push(host)
    return host
  }

  /** One more interface for a host of another LAN, which is then on both. */
  async attach(host: Host, link: string, { address, mac }: HostOptions = {}): Promise<void> {
    const port = `p-${host.name}`.slice(0, 15)
    const own = mac === undefined ? [] : ['address', mac]
    await this.#ip('link', 'add', port, 'type', 'veth', 'peer', 'name', link, ...own, 'netns', host.namespace)
    await this.#ip('link', 'set', port, 'master', BRIDGE, 'up')
    await host.ip('link', 'set', link, 'up')
    if (address !== undefined) await host.ip('address', 'add', address, 'broadcast', '+', 'dev', link)
  }

  /** A port for a virtual machine that runs by `start`; returns the interface's name. */
  async addTap(): Promise<string> {
    const tap = `tap${this.#taps++}`
    await this.#ip('tuntap', 'add', tap, 'mode', 'tap')
    await this.#ip('link', 'set', tap, 'master', BRIDGE, 'up')
    return tap
  }

  /** Starts a program where the taps are. */
  start(name: string, command: Command): Running {
    const running = new Running(name, inNamespace(this.#switch, command))
    this.#started.push(running)
    return running
  }

  /** Starts capturing: everything that passes the bridge from now on. */
  async capture(filter?: string): Promise<Capture> {
    return openCapture(
      (command) => {
        const running = new Running('tcpdump', inNamespace(this.#switch, command), { raw: true })
        this.#started.push(running)
        return running
      },
      BRIDGE,
      filter,
    )
  }

  /** Ends what runs on it, the last started first, and removes it. */
  async close(): Promise<void> {
    for (const running of this.#started.toReversed()) await running.stop()
    for (const host of this.#hosts.toReversed()) await host.close()
    await closeNamespace(this.#switch)
  }

  async #ip(...args: string[]): Promise<void> {
    await run({ command: 'ip', args: ['-n', this.#switch.name, ...args] })
  }
}

/** A computer on the LAN: a namespace with an interface, `eth0`. */
export class Host {
  readonly name: string
  readonly #namespace: Namespace
  readonly #started: Running[] = []

  constructor(name: string, namespace: Namespace) {
    this.name = name
    this.#namespace = namespace
  }

  /** Starts a program there that goes on running; it is ended with the LAN at the latest. */
  /** The name of its network namespace. */
  get namespace(): string {
    return this.#namespace.name
  }

  start(name: string, command: Command): Running {
    const running = new Running(name, inNamespace(this.#namespace, command))
    this.#started.push(running)
    return running
  }

  /** Runs a program there to its end: its stdout, or a rejection unless it exits with 0. */
  async run(command: string, ...args: string[]): Promise<string> {
    return run(inNamespace(this.#namespace, { command, args }))
  }

  /** `ip <args>` on this host. */
  async ip(...args: string[]): Promise<string> {
    return run({ command: 'ip', args: ['-n', this.#namespace.name, ...args] })
  }

  /** The MAC address of its interface. */
  async mac(): Promise<string> {
    const [, mac] = /link\/ether (\S+)/.exec(await this.ip('link', 'show', HOST_LINK)) ?? []
    if (mac === undefined) throw new Error(`${this.name}: no link address`)
    return mac
  }

  async close(): Promise<void> {
    for (const running of this.#started.toReversed()) await running.stop()
    await closeNamespace(this.#namespace)
  }
}
