import { hardware } from '@reboots/api'
import type { Ipv4Address, MacAddress } from '@reboots/protocol/net'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { connect } from '../rpc/connect.ts'
import { openConnection } from './connection.ts'
import { follow } from './follow.ts'
import { createMachineIndex } from './machine-index.ts'
import type { CompileCondition, Found, Traits } from './match-index.ts'

export interface MachineReplicaOptions<T, F = unknown> {
  /** gRPC address of the hardware service. */
  readonly address: string
  /** Once per interface when its machine changes, never per packet. A machine for which it throws is left out and logged. */
  prepare(machine: hardware.Machine, iface: hardware.Interface): T
  /** For the conditions of records; absent: nobody is found by one. */
  readonly compile?: CompileCondition<F> | undefined
  /** Called after each change with the reserved addresses that came, went or moved; `byIp` tells which of them there are now. */
  readonly changed?: (addresses: Iterable<Ipv4Address>) => void
  readonly log: Log
  readonly metrics: Metrics
}

/** A local copy of what the hardware service knows; the last known state stays for ever when that service is gone. */
export interface MachineReplica<T, F = unknown> {
  byMac(mac: MacAddress): T | undefined
  /** By reserved address. */
  byIp(address: Ipv4Address): T | undefined
  /** Its interfaces in the order of the record; none for an id that no machine has. */
  byId(id: string): readonly T[]
  /** Some record is found by something else than a MAC: only then is it of use to ask `byTraits`. */
  readonly matching: boolean
  /** For whom no MAC is in a record: by client identifier, circuit and remote id, UUID, then conditions. */
  byTraits(traits: Traits<F>): Found<T> | undefined
  /** Every interface of every machine, as they are when the walk begins; changes in between may be in it. */
  values(): Iterable<T>
  /** The reserved addresses that there are. */
  readonly addresses: Iterable<Ipv4Address>
  /** Machines held. */
  readonly size: number
  /** There has been a complete first state. */
  readonly synced: boolean
  readonly whenSynced: Promise<void>
  /** For /readyz: why there is no first state yet; undefined when there is. */
  readonly problem: string | undefined
  close(): void
}

/** Follows the hardware service's Watch: snapshots are swapped in whole, changes applied as they come, resumed by epoch and revision. */
export function openMachineReplica<T, F = unknown>(options: MachineReplicaOptions<T, F>): MachineReplica<T, F> {
  const { address, log, metrics } = options
  const client = connect(hardware.HardwareServiceClient, address)
  const connection = openConnection('machines', `the hardware service at ${address}`, log, metrics)
  const refused = (machine: hardware.Machine, error: unknown): void =>
    log.error({ machine: machine.id, origin: machine.origin, why: String(error) }, 'machine left out')
  const errors = metrics.counter(
    'reboots_replica_condition_errors_total',
    'Conditions of hardware records that could not be evaluated for a client, which counts as not true',
    [],
  )
  const failed = (machine: string, why: string, first: boolean): void => {
    errors.inc()
    if (first) log.warn({ machine, why }, 'condition of a machine cannot be evaluated')
  }
  const prepare = (machine: hardware.Machine, iface: hardware.Interface): T => options.prepare(machine, iface)
  const emptyIndex = () => createMachineIndex<T, F>(prepare, refused, { compile: options.compile, failed })
  let current = emptyIndex()
  /** A snapshot that is not complete yet. */
  let coming: typeof current | undefined
  let resume = { epoch: '', revision: 0n }

  function receive(response: hardware.WatchResponse): void {
    if (response.reset) coming = emptyIndex()
    const touched = (coming ?? current).apply(response.upserted, response.deletedIds)
    if (coming === undefined) options.changed?.(touched)
    if (!response.synced) return
    if (coming !== undefined) swap(coming)
    resume = { epoch: response.epoch, revision: response.revision }
    connection.complete(response.revision, current.size)
  }

  function swap(next: typeof current): void {
    const touched = new Set([...current.addresses, ...next.addresses])
    current = next
    coming = undefined
    options.changed?.(touched)
  }

  const following = follow<hardware.WatchResponse>({
    open(metadata) {
      coming = undefined
      return client.watch(resume, metadata)
    },
    receive,
    connected: connection.connected,
    lost: connection.lost,
  })
  return {
    byMac: (mac) => current.byMac(mac),
    byIp: (ip) => current.byIp(ip),
    byId: (id) => current.byId(id),
    get matching() {
      return current.matching
    },
    byTraits: (traits) => current.byTraits(traits),
    values: () => current.values(),
    get addresses() {
      return current.addresses
    },
    get size() {
      return current.size
    },
    get synced() {
      return connection.synced()
    },
    whenSynced: connection.whenSynced,
    get problem() {
      return connection.problem()
    },
    close() {
      following.close()
      client.close()
    },
  }
}
