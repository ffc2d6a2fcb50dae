import { hex } from '@reboots/protocol/bytes'
import { formatIpv4, UNSPECIFIED, type Instant, type Ipv4Address } from '@reboots/protocol/net'
import { findingsIn, FINDING_NAMES, type Finding, type FindingName } from './findings.ts'
import type { Choice, ServerReply } from './server-reply.ts'

/** Servers of one link that are remembered. */
const MOST_SERVERS = 32
/** What has not been heard of for so long is over: it is not shown, and said anew when it comes again. */
const OVER_MS = 60 * 60 * 1000

interface Entry {
  /** The last; undefined where only clients have spoken of it. */
  reply: ServerReply | undefined
  /** The last that had something to boot in it. */
  booting: ServerReply | undefined
  readonly first: Instant
  last: Instant
  addresses: { low: Ipv4Address; high: Ipv4Address } | undefined
  readonly findings: Map<FindingName, { readonly finding: Finding; last: Instant }>
}

/** One server as the page shows it. */
export interface ServerRow {
  readonly link: string
  readonly server: string
  /** Absent where its answers do not reach us, and only clients have spoken of it. */
  readonly mac?: string
  readonly looksLike?: string
  /** Lowest and highest address it was heard to give. */
  readonly addresses?: readonly [string, string]
  readonly bootFile?: string
  readonly nextServer?: string
  readonly option60?: string
  readonly option66?: string
  readonly option43?: string
  readonly firstHeard: string
  readonly lastHeard: string
  readonly findings: readonly Finding[]
}

export interface OtherServersOptions {
  /** Our addresses: a proxy that answers from one of them is this one. */
  readonly own: () => ReadonlySet<Ipv4Address>
  /** Servers of which nothing is to be said. */
  readonly known: readonly Ipv4Address[]
}

/** The other servers of each link and what they do. Of a flood of made-up ones the first 32 of a link are kept. */
export class OtherServers {
  readonly #options: OtherServersOptions
  readonly #links = new Map<string, Map<Ipv4Address, Entry>>()

  constructor(options: OtherServersOptions) {
    this.#options = options
  }

  /** Takes note of a reply; what there is to say of it that has not been said. */
  hear(link: string, reply: ServerReply, now: Instant): Finding[] {
    const { own, known } = this.#options
    if (reply.yiaddr === UNSPECIFIED && own().has(reply.server)) return []
    const entry = this.#entry(link, reply.server, now)
    if (entry === undefined) return []
    entry.reply = reply
    entry.last = now
    if (reply.file !== '' || reply.vendorClass !== '') entry.booting = reply
    if (reply.yiaddr !== UNSPECIFIED) entry.addresses = widened(entry.addresses, reply.yiaddr)
    const found = known.includes(reply.server) ? [] : findingsIn(reply)
    const fresh = found.filter(({ name }) => !isRecent(entry.findings.get(name)?.last, now))
    for (const finding of found) entry.findings.set(finding.name, { finding, last: now })
    return fresh
  }

  /** A client takes the offer of a server: what is known of one whose answers do not reach us. */
  chosen(link: string, { server, address }: Choice, now: Instant): void {
    const entry = this.#entry(link, server, now)
    if (entry === undefined) return
    entry.last = now
    entry.addresses = widened(entry.addresses, address)
  }

  /** A link is not listened on any more. */
  forget(link: string): void {
    this.#links.delete(link)
  }

  rows(now: Instant): ServerRow[] {
    return [...this.#links].flatMap(([link, servers]) =>
      [...servers].flatMap(([server, entry]) => (isRecent(entry.last, now) ? [rowOf(link, server, entry, now)] : [])),
    )
  }

  /** Servers of each link by what was found; `none` are those with which nothing is wrong. */
  counts(now: Instant): { link: string; finding: FindingName | 'none'; count: number }[] {
    const rows = this.rows(now)
    const count = (link: string, finding: FindingName | 'none'): number =>
      rows.filter((row) => row.link === link && has(row, finding)).length
    return [...this.#links.keys()].flatMap((link) =>
      (['none', ...FINDING_NAMES] as const).map((finding) => ({ link, finding, count: count(link, finding) })),
    )
  }

  #entry(link: string, server: Ipv4Address, now: Instant): Entry | undefined {
    let servers = this.#links.get(link)
    if (servers === undefined) this.#links.set(link, (servers = new Map()))
    const known = servers.get(server)
    if (known !== undefined) return known
    if (servers.size >= MOST_SERVERS) {
      for (const [old, { last }] of servers) if (!isRecent(last, now)) servers.delete(old)
      if (servers.size >= MOST_SERVERS) return undefined
    }
    const entry: Entry = {
      reply: undefined,
      booting: undefined,
      first: now,
      last: now,
      addresses: undefined,
      findings: new Map(),
    }
    servers.set(server, entry)
    return entry
  }
}

function has({ findings }: ServerRow, name: FindingName | 'none'): boolean {
  return name === 'none' ? findings.length === 0 : findings.some((finding) => finding.name === name)
}

function isRecent(last: Instant | undefined, now: Instant): boolean {
  return last !== undefined && now - last < OVER_MS
}

function widened(addresses: Entry['addresses'], yiaddr: Ipv4Address): NonNullable<Entry['addresses']> {
  if (addresses === undefined) return { low: yiaddr, high: yiaddr }
  const { low, high } = addresses
  return { low: yiaddr < low ? yiaddr : low, high: yiaddr > high ? yiaddr : high }
}

function rowOf(link: string, server: Ipv4Address, entry: Entry, now: Instant): ServerRow {
  const { reply, addresses, findings } = entry
  return {
    link,
    server: formatIpv4(server),
    ...(reply !== undefined && { mac: reply.mac }),
    ...(reply?.kind !== undefined && { looksLike: reply.kind }),
    ...(addresses !== undefined && { addresses: [formatIpv4(addresses.low), formatIpv4(addresses.high)] as const }),
    ...bootFields(entry.booting ?? reply),
    firstHeard: new Date(entry.first).toISOString(),
    lastHeard: new Date(entry.last).toISOString(),
    findings: [...findings.values()].filter(({ last }) => isRecent(last, now)).map(({ finding }) => finding),
  }
}

function bootFields(reply: ServerReply | undefined): Partial<ServerRow> {
  if (reply === undefined) return {}
  const { file, siaddr, vendorClass, tftpServer, vendorOptions } = reply
  return {
    ...(file !== '' && { bootFile: file }),
    ...(siaddr !== UNSPECIFIED && { nextServer: formatIpv4(siaddr) }),
    ...(vendorClass !== '' && { option60: vendorClass }),
    ...(tftpServer !== '' && { option66: tftpServer }),
    ...(vendorOptions.length > 0 && { option43: hex(vendorOptions) }),
  }
}
