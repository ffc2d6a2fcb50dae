import type {
  sendUnaryData,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { hardware, tink } from '@reboots/api'
import { cancellation, send, STATUS, type Answer, type CallOutcome } from './calls.ts'
import { onGetMachine } from './on-get-machine.ts'
import { onListMachines } from './on-list-machines.ts'
import { onTinkGet, onTinkWatch, onTinkWrite, tinkHardware } from './on-tink.ts'
import { onWatch } from './on-watch.ts'
import type { Frame } from './roster/frames.ts'
import type { Roster } from './roster/roster.ts'

/** Told of every call when it ends, and of how many Watch streams are open. */
export interface Observer {
  ended(method: string, outcome: CallOutcome): void
  watchers(open: number): void
}

type Bound = readonly [ServiceDefinition, UntypedServiceImplementation]

/** The two services over one roster, for `serveRpc`. */
export function handle(roster: Roster, observer: Observer): readonly Bound[] {
  return [rebootsService(roster, observer), tinkService(roster, observer)]
}

function rebootsService(roster: Roster, observer: Observer): Bound {
  let open = 0
  const { watch, ...others } = hardware.HardwareServiceService
  // Frames are put together from machines that are encoded already.
  const definition = {
    watch: { ...watch, responseSerialize: (frame: Frame) => Buffer.from(frame.buffer, frame.byteOffset, frame.length) },
  }
  return [
    { ...definition, ...others },
    {
      watch(call: ServerWritableStream<hardware.WatchRequest, Frame>) {
        observer.watchers(++open)
        const done = (): void => observer.watchers(--open)
        const answer = (signal: AbortSignal) => ({ answer: onWatch(call.request, roster, signal) })
        void stream('Watch', call, answer, observer).finally(done)
      },
      getMachine: unary('GetMachine', observer, (request: hardware.GetMachineRequest) => {
        const found = onGetMachine(request, roster)
        return 'answer' in found ? { answer: { machine: found.answer } } : found
      }),
      listMachines(call: ServerWritableStream<hardware.ListMachinesRequest, hardware.ListMachinesResponse>) {
        void stream('ListMachines', call, () => onListMachines(roster, (machine) => ({ machine })), observer)
      },
    },
  ]
}

function tinkService(roster: Roster, observer: Observer): Bound {
  const get = (method: string, by: 'mac' | 'ip' | 'id') =>
    unary(method, observer, (request: tink.GetRequest) => onTinkGet(by, request, roster))
  return [
    tink.HardwareServiceService,
    {
      push: unary('Push', observer, onTinkWrite),
      delete: unary('Delete', observer, onTinkWrite),
      byMac: get('ByMAC', 'mac'),
      byIp: get('ByIP', 'ip'),
      byId: get('ByID', 'id'),
      all(call: ServerWritableStream<tink.Empty, tink.Hardware>) {
        void stream('All', call, () => onListMachines(roster, tinkHardware), observer)
      },
      deprecatedWatch(call: ServerWritableStream<tink.GetRequest, tink.Hardware>) {
        void stream('DeprecatedWatch', call, (signal) => onTinkWatch(call.request, roster, signal), observer)
      },
    },
  ]
}

function unary<Q, R>(method: string, observer: Observer, answer: (request: Q) => Answer<R>) {
  return ({ request }: ServerUnaryCall<Q, R>, callback: sendUnaryData<R>): void => {
    const found = answer(request)
    observer.ended(method, 'answer' in found ? 'ok' : found.outcome)
    if ('answer' in found) callback(null, found.answer)
    else callback({ code: STATUS[found.outcome], details: found.why })
  }
}

async function stream<Q, R>(
  method: string,
  call: ServerWritableStream<Q, R>,
  answer: (signal: AbortSignal) => Answer<Iterable<R> | AsyncIterable<R>>,
  observer: Observer,
): Promise<void> {
  const signal = cancellation(call)
  const found = answer(signal)
  if ('outcome' in found) {
    observer.ended(method, found.outcome)
    call.emit('error', { code: STATUS[found.outcome], details: found.why })
    return
  }
  for await (const message of found.answer) {
    await send(call, message, signal)
    if (signal.aborted) break
  }
  observer.ended(method, signal.aborted ? 'cancelled' : 'ok')
  if (!signal.aborted) call.end()
}
