import type { Server } from 'node:net'
import { OperatorError } from './operator-error.ts'
import { holderOf } from './udp/holder.ts'

export interface ListenAddress {
  /** Empty for every address. */
  readonly host: string
  readonly port: number
}

/** `host:port`, `[v6]:port` or `:port` in parts. */
export function listenAddress(text: string): ListenAddress {
  const at = text.lastIndexOf(':')
  return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) }
}

/** Starts a TCP server; gives `host:port` as bound. OperatorError when the address is taken, not ours or not allowed. */
export function startListening(server: Server, { host, port }: ListenAddress, purpose: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void =>
      reject(bindFailure(error, { protocol: 'tcp', host, port, purpose }))
    server.once('error', failed)
    server.listen({ port, ...(host === '' ? {} : { host }) }, () => {
      server.off('error', failed)
      const bound = server.address()
      resolve(typeof bound === 'object' && bound !== null ? `${shownHost(bound.address)}:${bound.port}` : String(bound))
    })
  })
}

function shownHost(address: string): string {
  return address.includes(':') ? `[${address}]` : address
}

export interface Bind {
  readonly protocol: 'udp' | 'tcp'
  readonly host: string
  readonly port: number
  /** Interface, when the socket is for one only. */
  readonly link?: string
  /** What it was wanted for, as in "for DHCP". */
  readonly purpose: string
}

/** An error of bind(2) or listen(2) as something an operator can act on; any other error comes back as it is. */
export function bindFailure(error: unknown, bind: Bind): Error {
  const code = errorCode(error)
  const place = `${bind.protocol.toUpperCase()} port ${bind.port} on ${bind.link ?? (bind.host || 'every address')}`
  switch (code) {
    case 'EADDRINUSE': {
      const holder = holderOf(bind.protocol, bind.port)
      return new OperatorError(
        `${place} (${bind.purpose}) is taken${holder === undefined ? '' : ` by ${holder}`}`,
        holder === undefined
          ? `Find who has it with: ss -lpn${bind.protocol === 'udp' ? 'u' : 't'} 'sport = :${bind.port}', and stop it; or choose another port.`
          : takenRemedy(bind),
      )
    }
    case 'EACCES':
    case 'EPERM':
      return new OperatorError(`no permission for ${place} (${bind.purpose})`, privilegeRemedy())
    case 'EADDRNOTAVAIL':
      return new OperatorError(
        `${bind.host} is not an address of this machine (${bind.purpose})`,
        'List the addresses with: ip -brief address, and set one of them.',
      )
    case 'ENOTFOUND':
      return new OperatorError(`${bind.host} cannot be resolved (${bind.purpose})`, 'Set an address instead of a name.')
    default:
      return error instanceof Error ? error : new Error(String(error))
  }
}

function takenRemedy({ protocol, port }: Bind): string {
  if (protocol === 'udp' && port === 67) {
    return [
      'There can be one DHCP server on an interface: stop that program, or run Reboots on another machine of the same network.',
      'proxydhcp listens beside it without binding the port: proxydhcp.port67: capture (reboots up --no-bind).',
    ].join('\n')
  }
  return 'Stop that program, or let this service use another port or be left out.'
}

/** What a process needs to serve on privileged ports and to address clients that have no IP address yet. */
export function privilegeRemedy(): string {
  return [
    'Run it as root (sudo), or give this Node the capabilities it needs:',
    `  sudo setcap cap_net_bind_service,cap_net_raw,cap_net_admin+ep ${process.execPath}`,
    'In a container: user 0 with cap_add NET_BIND_SERVICE, NET_RAW and NET_ADMIN.',
  ].join('\n')
}

function errorCode(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
  if (typeof code === 'string') return code
  return /\b(EADDRINUSE|EACCES|EPERM|EADDRNOTAVAIL|ENOTFOUND)\b/.exec(String(message))?.[1] ?? ''
}
