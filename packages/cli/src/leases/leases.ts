import { leases as api } from '@reboots/api'
import { OperatorError } from '@reboots/runtime'
import type { Command } from '../command.ts'
import { leasesArguments, subjectOf, type Action, type LeasesArguments } from './arguments.ts'
import { Declined, LeaseApi } from './call.ts'
import { print } from './print.ts'
import {
  aligned,
  detailJson,
  detailText,
  eventJson,
  HISTORY_HEAD,
  historyRow,
  leaseJson,
  LIST_HEAD,
  listRow,
  widthsOf,
} from './show.ts'
import { watch } from './watch.ts'

export const leases: Command = {
  name: 'leases',
  summary: 'who has which address: list, show, reserve, release, watch, history',
  usage: `reboots leases [list] [--subnet 192.0.2.0/24] [--state bound,declined] [--client MAC] [--text WORD]
reboots leases show ADDRESS|MAC
reboots leases reserve ADDRESS MAC [--until 2030-01-31T18:00 | --for 7d]
reboots leases release ADDRESS [--client MAC] [--lease | --reservation]
reboots leases watch
reboots leases history ADDRESS|MAC [--limit 100]

Asks a running dhcp service. A MAC may be written in any of the usual ways; clients that are told apart by their identifier are named as the
list names them (id:0152540012ab34).

list      addresses that are taken or reserved. States: bound, offered, declined (in quarantine), reserved (kept, and not taken)
show      all there is to know of an address, or of the addresses of a client
reserve   keeps an address of a pool for a client, until a time or for ever: nobody else gets it. To say it again is no mistake
release   ends the lease, the quarantine and the reservation of an address, or one of them, if it is still --client's, or else whoever's
          it is when the command is given. The client is not told: it uses the address until it renews
watch     prints what happens, until it is interrupted, and goes on by itself when the service is back
history   what happened to an address or a client, the latest first

--address HOST:PORT   where the service is (dhcp.api.listen); 127.0.0.1:42117
--json                one JSON object per line

Exit: 0, or 1 when the service refuses or there is nothing of that name, or 2 when the command line is wrong or no service answers.`,
  async run(args) {
    const options = leasesArguments(args, new Date())
    const service = new LeaseApi(options.address)
    try {
      return await ACTIONS[options.action](service, options)
    } catch (error) {
      if (!(error instanceof Declined)) throw error
      console.error(`reboots leases ${options.action}: ${error.message}`)
      return 1
    } finally {
      service.close()
    }
  },
}

type Act = (service: LeaseApi, options: LeasesArguments) => Promise<number>

const ACTIONS: Readonly<Record<Action, Act>> = { list, show, reserve, release, watch, history }

async function list(service: LeaseApi, { list: request, json }: LeasesArguments): Promise<number> {
  let widths: readonly number[] | undefined
  for await (const { leases } of service.list(request)) {
    if (json) {
      await print(leases.map((lease) => JSON.stringify(leaseJson(lease))))
      continue
    }
    const now = new Date()
    const rows = leases.map((lease) => listRow(lease, now))
    // Those of the first part are for all of them: a million rows are not kept to be measured.
    if (widths === undefined) {
      widths = widthsOf([LIST_HEAD, ...rows])
      await print(aligned([LIST_HEAD], widths))
    }
    await print(aligned(rows, widths))
  }
  if (widths === undefined && !json) console.error('no leases')
  return 0
}

async function show(service: LeaseApi, { words, json }: LeasesArguments): Promise<number> {
  const { addresses } = await service.get({ subject: subjectOf(words[0]!) })
  const now = new Date()
  const texts = addresses.map((detail) => (json ? JSON.stringify(detailJson(detail)) : detailText(detail, now)))
  await print(json ? texts : [texts.join('\n\n')])
  return 0
}

async function reserve(service: LeaseApi, { words, until, json }: LeasesArguments): Promise<number> {
  const [address, client] = [addressOf(words[0]!), clientOf(words[1]!)]
  const { lease } = await service.reserve({ address, client, until })
  await print([json ? JSON.stringify(leaseJson(lease!)) : `${address} is reserved for ${client} ${untilText(until)}`])
  return 0
}

function untilText(until: Date | undefined): string {
  return until === undefined ? 'for ever' : `until ${until.toISOString()}`
}

async function release(service: LeaseApi, { words, client: expected, what, json }: LeasesArguments): Promise<number> {
  const address = addressOf(words[0]!)
  const client = expected === undefined ? await holderOf(service, address, what) : clientOf(expected)
  const { lease } = await service.release({ address, client, what })
  const still = lease?.reservation === undefined ? '' : `; it stays reserved for ${lease.reservation.client}`
  const left = lease?.state === api.LeaseState.BOUND ? `; it stays leased to ${lease.client}` : still
  await print([json ? JSON.stringify(leaseJson(lease!)) : `${address} is no more ${client}'s${left}`])
  return 0
}

/** Whose it is now: if it is somebody else's when the release comes, nothing is released. */
async function holderOf(service: LeaseApi, address: string, what: api.ReleaseWhat): Promise<string> {
  const { addresses } = await service.get({ subject: { $case: 'address', value: address } })
  const { lease } = addresses[0]!
  const taken = lease!.state !== api.LeaseState.FREE && what !== api.ReleaseWhat.RESERVATION
  const client = taken ? lease!.client : what === api.ReleaseWhat.LEASE ? undefined : lease!.reservation?.client
  if (client !== undefined) return client
  const nothing = what === api.ReleaseWhat.RESERVATION ? 'is not reserved' : 'is free'
  throw new Declined(`${address} ${nothing}, there is nothing to release`)
}

async function history(service: LeaseApi, { words, limit, json }: LeasesArguments): Promise<number> {
  const { events } = await service.history({ subject: subjectOf(words[0]!), limit })
  if (json) await print(events.map((event) => JSON.stringify(eventJson(event))))
  else if (events.length === 0) console.error(`nothing is remembered of ${words[0]!}`)
  else {
    const now = new Date()
    const rows = [HISTORY_HEAD, ...events.map((event) => historyRow(event, now))]
    await print(aligned(rows, widthsOf(rows)))
  }
  return 0
}

function addressOf(word: string): string {
  const subject = subjectOf(word)
  if (subject.$case === 'address') return subject.value
  throw new OperatorError(`"${word}" is not an IPv4 address`, 'The address comes first, then the client.')
}

function clientOf(word: string): string {
  const subject = subjectOf(word)
  if (subject.$case === 'client') return subject.value
  throw new OperatorError(`"${word}" is an address, not a client`, 'Write the MAC address of the client.')
}
