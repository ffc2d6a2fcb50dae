import { randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { status, type ServerWritableStream } from '@grpc/grpc-js'
import { hardware } from '@reboots/api'
import { BROKEN, loopbackServer, type LoopbackServer } from './loopback-server.ts'

type WatchCall = ServerWritableStream<hardware.WatchRequest, hardware.WatchResponse>

/** A hardware service in this process, spoken to over real gRPC. */
export interface FakeHardware extends LoopbackServer {
  /** These are the machines from now on; watchers are told what changed, in one response. */
  publish(machines: readonly hardware.Machine[]): void
  /** Every Watch request seen so far, in order: shows what a replica asked to resume from. */
  readonly watches: readonly hardware.WatchRequest[]
  /** Resolves once `count` Watch requests have been seen since the beginning. */
  watched(count: number): Promise<void>
  /** As a restart of the real service does: what came before is not known any more, so nothing can resume. */
  forget(): void
}

/**
 * Serves the machines; `[]` is the service of a site that has none yet. Keeps every revision, so any watcher of this
 * epoch resumes. `stop` and `start` keep epoch and revisions (a network outage); `forget` between them is a restart.
 */
export async function fakeHardware(machines: readonly hardware.Machine[]): Promise<FakeHardware> {
  const events = new EventEmitter()
  const watches: hardware.WatchRequest[] = []
  const watchers = new Set<WatchCall>()
  let history = [changeOf(new Map(), indexed(machines))]
  let held = indexed(machines)
  let epoch: string = randomUUID()

  const watch = (call: WatchCall): void => {
    watches.push(call.request)
    watchers.add(call)
    call.on('close', () => watchers.delete(call))
    call.on('cancelled', () => watchers.delete(call))
    const revision = BigInt(history.length)
    const known = call.request.epoch === epoch && call.request.revision > 0n && call.request.revision <= revision
    const missed = known ? history.slice(Number(call.request.revision)) : []
    const base = { epoch, revision, synced: true }
    if (!known) call.write({ ...base, reset: true, upserted: [...held.values()], deletedIds: [] })
    else if (missed.length === 0) call.write({ ...base, reset: false, upserted: [], deletedIds: [] })
    else missed.forEach((change, i) => call.write(response(change, BigInt(i + 1) + call.request.revision)))
    events.emit('watch')
  }
  const response = (change: Change, revision: bigint): hardware.WatchResponse => ({
    epoch,
    revision,
    reset: false,
    synced: true,
    upserted: change.upserted,
    deletedIds: change.deletedIds,
  })

  const server = await loopbackServer(hardware.HardwareServiceService, {
    watch,
    ...lookUps(() => [...held.values()]),
  })
  return {
    get address() {
      return server.address
    },
    start: () => server.start(),
    stop: () => server.stop(),
    watches,
    publish(next) {
      const change = changeOf(held, indexed(next))
      history.push(change)
      held = indexed(next)
      for (const call of watchers) call.write(response(change, BigInt(history.length)))
    },
    async watched(count) {
      while (watches.length < count) await once(events, 'watch')
    },
    forget() {
      epoch = randomUUID()
      history = [changeOf(new Map(), held)]
    },
  }
}

/** The ways a hardware service can be of no use to a replica; each name is what Watch does. */
export type HardwareFault =
  /** Every call ends with INTERNAL. */
  | 'failing'
  /** The stream opens and nothing ever comes. */
  | 'silent'
  /** A snapshot begins, `synced` never comes. */
  | 'never-synced'
  /** A message that is not protobuf. */
  | 'garbage'
  /** The stream ends without an error, again and again. */
  | 'ending'

/** A hardware service with the given fault; unary calls fail with INTERNAL. */
export function brokenHardware(fault: HardwareFault): Promise<LoopbackServer> {
  const faults: Record<HardwareFault, (call: WatchCall) => void> = {
    failing: (call) => void call.emit('error', BROKEN),
    silent: () => {},
    'never-synced': (call) =>
      call.write({ epoch: 'broken', revision: 1n, reset: true, upserted: [], deletedIds: [], synced: false }),
    garbage: (call) =>
      call.write({ epoch: 'garbage', revision: 0n, reset: false, upserted: [], deletedIds: [], synced: false }),
    ending: (call) => call.end(),
  }
  const { watch, ...rest } = hardware.HardwareServiceService
  const spoiled = { ...watch, responseSerialize: fault === 'garbage' ? () => GARBAGE : watch.responseSerialize }
  const fail = (_call: unknown, callback: (error: typeof BROKEN) => void): void => callback(BROKEN)
  return loopbackServer(
    { watch: spoiled, ...rest },
    { watch: faults[fault], getMachine: fail, listMachines: faults.failing },
  )
}

/** Field 1 with a length that goes past the end of the message. */
const GARBAGE = Buffer.from([0x0a, 0xff, 0xff, 0x03, 0x00])

interface Change {
  readonly upserted: hardware.Machine[]
  readonly deletedIds: string[]
}

function indexed(machines: readonly hardware.Machine[]): ReadonlyMap<string, hardware.Machine> {
  return new Map(machines.map((machine) => [machine.id, machine]))
}

function changeOf(before: ReadonlyMap<string, hardware.Machine>, after: ReadonlyMap<string, hardware.Machine>): Change {
  const same = (machine: hardware.Machine): boolean =>
    JSON.stringify(machine) === JSON.stringify(before.get(machine.id))
  return {
    upserted: [...after.values()].filter((machine) => !same(machine)),
    deletedIds: [...before.keys()].filter((id) => !after.has(id)),
  }
}

type LookUps = Pick<hardware.HardwareServiceServer, 'getMachine' | 'listMachines'>

/** GetMachine by exact text, ListMachines in the order given. */
function lookUps(machines: () => readonly hardware.Machine[]): LookUps {
  const matches = (machine: hardware.Machine, key: NonNullable<hardware.GetMachineRequest['key']>): boolean => {
    if (key.$case === 'id') return machine.id === key.value
    return machine.interfaces.some(({ mac, dhcp }) => (key.$case === 'mac' ? mac : dhcp?.address) === key.value)
  }
  return {
    getMachine({ request: { key } }, callback) {
      const machine = key && machines().find((machine) => matches(machine, key))
      if (machine) callback(null, { machine })
      else callback({ code: status.NOT_FOUND, details: 'no such machine' })
    },
    listMachines(call) {
      for (const machine of machines()) call.write({ machine })
      call.end()
    },
  }
}
