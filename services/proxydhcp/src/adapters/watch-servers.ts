import { CLIENT_PORT, SERVER_PORT } from '@reboots/protocol/dhcp'
import { formatIpv4, type Instant } from '@reboots/protocol/net'
import { loadEars, now, type Ear, type EarOptions, type Log, type Metrics, type UdpLink } from '@reboots/runtime'
import type { Config } from '../config.ts'
import { OtherServers, type ServerRow } from '../others/other-servers.ts'
import { choiceOfClient, serverReply } from '../others/server-reply.ts'
import type { Ports } from '../ports.ts'

/** Other servers are listened to at this pace, and of what has come since so many messages are read: it costs the same in any crowd. */
const LISTEN_MS = 1000
const MOST_MESSAGES = 64

export interface ServerWatchOptions {
  readonly servers: OtherServers
  /** Programs of this very host count as well. */
  readonly here: boolean
  readonly log: Log
  readonly metrics: Metrics
  /** Default: real ones, if there are. */
  readonly ears?: ((options: EarOptions) => Ear) | undefined
}

/** The document of /servers. */
export interface ServersDocument {
  /** Links that are listened on. */
  readonly links: readonly string[]
  /** Why others are not. */
  readonly problems: Readonly<Record<string, string>>
  readonly servers: readonly ServerRow[]
}

/** The watch of a running service; undefined when it is not wanted. */
export async function watchServers(
  { proxydhcp: { otherServers, port67 } }: Config,
  ports: () => Ports,
  links: readonly UdpLink[],
  { log, metrics }: Pick<ServerWatchOptions, 'log' | 'metrics'>,
): Promise<ServerWatch | undefined> {
  if (!otherServers.watch) return undefined
  const servers = new OtherServers({ own: () => ports().settings.addresses, known: otherServers.known })
  return ServerWatch.begin({ servers, here: port67 !== 'bind', log, metrics }, links)
}

/** On one link. */
interface Ears {
  /** What servers say. */
  readonly answers: Ear
  /** What clients say to everybody: whose offer they take. */
  readonly choices: Ear
}

/** Listens to what other servers tell clients, says once what is in the way of the proxy, and never sends anything. */
export class ServerWatch {
  readonly #options: ServerWatchOptions
  readonly #open: ((options: EarOptions) => Ear) | undefined
  readonly #ears = new Map<string, Ears>()
  readonly #problems = new Map<string, string>()
  readonly #listening: NodeJS.Timeout
  readonly #endMetrics: () => void

  private constructor(options: ServerWatchOptions, open: ((options: EarOptions) => Ear) | undefined) {
    this.#options = options
    this.#open = open
    this.#listening = setInterval(() => this.#listen(now()), LISTEN_MS).unref()
    this.#endMetrics = this.#show()
  }

  static async begin(options: ServerWatchOptions, links: readonly UdpLink[]): Promise<ServerWatch> {
    const watch = new ServerWatch(options, options.ears ?? (await loadEars()))
    watch.serve(links)
    return watch
  }

  /** These are the links from now on. */
  serve(links: readonly UdpLink[]): void {
    const wanted = new Set(links.map(({ name }) => name))
    for (const [name, ears] of this.#ears) {
      if (wanted.has(name)) continue
      close(ears)
      this.#ears.delete(name)
      this.#options.servers.forget(name)
    }
    this.#problems.clear()
    for (const name of wanted) if (!this.#ears.has(name)) this.#enter(name)
  }

  document(): ServersDocument {
    const problems = Object.fromEntries(this.#problems)
    return { links: [...this.#ears.keys()], problems, servers: this.#options.servers.rows(now()) }
  }

  close(): void {
    clearInterval(this.#listening)
    this.#endMetrics()
    for (const ears of this.#ears.values()) close(ears)
    this.#ears.clear()
  }

  #enter(link: string): void {
    const { here, log } = this.#options
    try {
      if (this.#open === undefined) throw new Error('koffi is not available')
      this.#ears.set(link, openEars(this.#open, link, here))
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      const why = code === 'EPERM' ? 'CAP_NET_RAW is missing' : message
      this.#problems.set(link, why)
      log.info({ link, why }, 'other DHCP servers are not listened to')
    }
  }

  #listen(at: Instant): void {
    const { servers, log } = this.#options
    for (const [link, { answers, choices }] of this.#ears) {
      choices.listen(MOST_MESSAGES, (datagram) => {
        const choice = choiceOfClient(datagram)
        if (choice !== undefined) servers.chosen(link, choice, at)
      })
      answers.listen(MOST_MESSAGES, (datagram) => {
        const reply = serverReply(datagram)
        if (reply === undefined) return
        const server = formatIpv4(reply.server)
        for (const { name, says, remedy } of servers.hear(link, reply, at))
          log.warn({ link, server, mac: reply.mac, finding: name, remedy }, `server ${server} ${says}`)
      })
    }
  }

  #show(): () => void {
    const { metrics, servers } = this.#options
    const gauge = metrics.gauge(
      'reboots_proxydhcp_other_servers',
      'Other DHCP servers heard within the hour, by what is wrong with them for this proxy',
      ['link', 'finding'],
    )
    return metrics.onScrape(() => {
      gauge.reset()
      for (const { link, finding, count } of servers.counts(now())) gauge.set({ link, finding }, count)
    })
  }
}

function openEars(open: (options: EarOptions) => Ear, link: string, here: boolean): Ears {
  const answers = open({ link, port: CLIENT_PORT, here })
  try {
    return { answers, choices: open({ link, port: SERVER_PORT, here: false }) }
  } catch (error) {
    answers.close()
    throw error
  }
}

function close({ answers, choices }: Ears): void {
  answers.close()
  choices.close()
}
