import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { DhcpMessage } from '@reboots/protocol/dhcp'
import { UNSPECIFIED, type Instant, type Ipv4Address, type MacAddress, type Seconds } from '@reboots/protocol/net'
import * as fc from 'fast-check'
import type { Probe, ProbeResult } from '../probe/prober.ts'
import type { DhcpDecision, DhcpOutcome } from './answer.ts'
import { WaitingRoom } from './waiting-room.ts'

const NONE = UNSPECIFIED
const link = { name: 'lan0', address: 0x0a000001 as Ipv4Address, mask: 0xffffff00 as Ipv4Address }

/** `xid` tells messages apart; `secs` is how many steps they need, and `hops` how many probes after that. */
function message(client: number, xid: number, steps: number, hops = 0): DhcpMessage {
  const header = { op: 'bootrequest', htype: 1, hops, flags: 0, sname: '', file: '' } as const
  const addresses = { ciaddr: NONE, yiaddr: NONE, siaddr: NONE, giaddr: NONE }
  const chaddr = Uint8Array.of(2, 0, 0, 0, 0, client)
  return { ...header, ...addresses, xid, secs: steps as Seconds, chaddr, options: new Map() }
}

/** A store that carries steps out when it is told to. */
class Store {
  readonly runs: { readonly steps: readonly number[]; readonly finish: () => Promise<void> }[] = []
  readonly run = (steps: readonly number[]): Promise<readonly string[]> => {
    const { promise, resolve } = Promise.withResolvers<readonly string[]>()
    const finish = async (): Promise<void> => {
      resolve(steps.map((step) => `did ${step}`))
      await new Promise((settled) => setImmediate(settled))
    }
    this.runs.push({ steps, finish })
    return promise
  }
}

/** A message: its client, xid, number of steps and of probes after them. */
type Said = readonly [client: number, xid: number, steps: number, probes?: number]

interface Parked {
  readonly xid: number
  readonly finish: (result: ProbeResult) => void
}

const IN_USE: ProbeResult = { occupant: undefined }

class Scene {
  readonly store = new Store()
  /** Probes that have not ended, in the order in which they were begun. */
  readonly parked: Parked[] = []
  /** Steps that nothing has to wait for. */
  readonly easy = new Set<number>()
  /** What a probe says at once. */
  known: ProbeResult | undefined
  /** What became of messages, in order. */
  readonly log: string[] = []
  /** Which messages were looked at, in order. */
  readonly decided: number[] = []
  readonly room: WaitingRoom<DhcpOutcome, number, string>

  constructor(mostRunning = 100, mostWaiting = 100) {
    this.room = new WaitingRoom({
      run: this.store.run,
      attempt: this.#attempt,
      probe: this.#probe,
      mostRunning,
      mostWaiting,
    })
  }

  /** One batch. */
  receive(...batch: readonly Said[]): void {
    this.enter(...batch)
    this.room.settle()
  }

  /** A batch behind which there is more to read. */
  receiveSome(...batch: readonly Said[]): void {
    this.enter(...batch)
    this.room.settle(true)
  }

  enter(...batch: readonly Said[]): void {
    for (const [client, xid, steps, probes] of batch) {
      this.room.enter({
        message: message(client, xid, steps, probes),
        datagram: { bytes: new Uint8Array(0), from: { address: NONE, port: 68 }, link: 'lan0', at: 0 as Instant },
        at: { link },
        decide: (asked) => {
          this.decided.push(asked.xid)
          return this.#decision(asked.xid, asked.secs, asked.hops, '')
        },
        done: (outcome) =>
          this.log.push(`${xid} ${typeof outcome === 'string' ? outcome : 'silent' in outcome && outcome.silent}`),
      })
    }
  }

  /** An address in use takes one step more. */
  #decision(xid: number, steps: number, probes: number, result: string): DhcpDecision<DhcpOutcome, number, string> {
    if (steps > 0) return { step: xid, conclude: (next) => this.#decision(xid, steps - 1, probes, next) }
    if (probes === 0) return { silent: result === '' ? 'at once' : result }
    const probe = {
      address: xid as Ipv4Address,
      link: 'lan0',
      method: 'arp',
      client: '' as MacAddress,
      known: false,
    } as const
    return {
      probe,
      resume: (found) => this.#decision(xid, found === 'free' ? 0 : 1, probes - 1, found === 'free' ? found : 'in use'),
    }
  }

  readonly #attempt = (step: number): string | undefined => (this.easy.has(step) ? `had ${step}` : undefined)

  readonly #probe: Probe = ({ address }, finish) => {
    if (this.known === undefined) this.parked.push({ xid: address, finish })
    return this.known
  }

  /** Ends the probe that was begun first, or the one that is named by its place. */
  endProbe(result: ProbeResult, which = 0): void {
    const [parked] = this.parked.splice(which, 1)
    parked?.finish(result)
  }

  /** The steps of each call of the store. */
  get steps(): readonly (readonly number[])[] {
    return this.store.runs.map((run) => run.steps)
  }
}

describe('a message', () => {
  test('whose steps can be carried out at once does not wait, unless its client has one before it that does', async () => {
    const scene = new Scene()
    for (const xid of [10, 12, 30]) scene.easy.add(xid)
    scene.receive([1, 10, 1], [1, 11, 1], [1, 12, 2], [2, 20, 1], [3, 30, 1])
    assert.deepEqual(scene.log, ['10 had 10', '30 had 30'])
    assert.deepEqual(scene.steps, [[11, 20]])
    await scene.store.runs[0]!.finish()
    assert.deepEqual(scene.log.slice(2), ['11 did 11', '12 had 12', '20 did 20'])
    assert.equal(scene.room.size, 0)
  })

  test('without a step passes at once, also while others wait', () => {
    const scene = new Scene()
    scene.receive([1, 1, 1], [2, 2, 0])
    assert.deepEqual(scene.log, ['2 at once'])
  })

  test('with a step has its outcome when the step is done; those of a batch are done by one call', async () => {
    const scene = new Scene()
    scene.receive([1, 1, 1], [2, 2, 1])
    assert.deepEqual([scene.log, scene.steps], [[], [[1, 2]]])
    await scene.store.runs[0]!.finish()
    assert.deepEqual(scene.log, ['1 did 1', '2 did 2'])
    assert.equal(scene.room.size, 0)
  })

  test('may need one step after the other', async () => {
    const scene = new Scene()
    scene.receive([1, 1, 2])
    await scene.store.runs[0]!.finish()
    assert.deepEqual([scene.log, scene.steps], [[], [[1], [1]]])
    await scene.store.runs[1]!.finish()
    assert.deepEqual(scene.log, ['1 did 1'])
  })
})

describe('a later batch', () => {
  test('is not held up by an earlier one', async () => {
    const scene = new Scene()
    scene.receive([1, 1, 1])
    scene.receive([2, 2, 1])
    await scene.store.runs[1]!.finish()
    assert.deepEqual(scene.log, ['2 did 2'])
  })

  test('of the same client is not looked at before the earlier one has its outcome', async () => {
    const scene = new Scene()
    scene.receive([1, 1, 1], [1, 2, 0], [1, 3, 1], [1, 4, 0])
    assert.deepEqual([scene.decided, scene.steps], [[1], [[1]]])
    await scene.store.runs[0]!.finish()
    assert.deepEqual(
      [scene.decided, scene.log],
      [
        [1, 2, 3],
        ['1 did 1', '2 at once'],
      ],
    )
    await scene.store.runs[1]!.finish()
    assert.deepEqual(scene.log, ['1 did 1', '2 at once', '3 did 3', '4 at once'])
  })
})

describe('a message whose address is probed', () => {
  test('holds up neither the messages of its batch nor later ones', async () => {
    const scene = new Scene()
    scene.receive([1, 1, 1, 1], [2, 2, 1])
    await scene.store.runs[0]!.finish()
    assert.deepEqual([scene.log, scene.parked.map(({ xid }) => xid)], [['2 did 2'], [1]])
    scene.receive([3, 3, 1])
    await scene.store.runs[1]!.finish()
    assert.deepEqual([scene.log, scene.room.size], [['2 did 2', '3 did 3'], 0])
    scene.endProbe('free')
    assert.deepEqual(scene.log.at(-1), '1 free')
  })

  test('goes on at once when the address is known to be free', async () => {
    const scene = new Scene()
    scene.known = 'free'
    scene.receive([1, 1, 0, 1], [2, 2, 1, 1])
    assert.deepEqual(scene.log, ['1 free'])
    await scene.store.runs[0]!.finish()
    assert.deepEqual(scene.log, ['1 free', '2 free'])
  })

  test('takes its further steps when the address is in use', async () => {
    const scene = new Scene()
    scene.receive([1, 1, 0, 2])
    scene.endProbe(IN_USE)
    assert.deepEqual([scene.log, scene.steps], [[], [[1]]])
    await scene.store.runs[0]!.finish()
    scene.endProbe('free')
    assert.deepEqual(scene.log, ['1 free'])
  })

  test('is what its client’s next message waits for, and of several only the latest waits', () => {
    const scene = new Scene()
    scene.receive([1, 1, 0, 1])
    scene.receive([1, 2, 0, 1], [1, 3, 0, 1])
    assert.deepEqual([scene.log, scene.decided, scene.parked.length], [['2 superseded'], [1], 1])
    scene.known = 'free'
    scene.endProbe('free')
    assert.deepEqual(
      [scene.log, scene.decided],
      [
        ['2 superseded', '1 free', '3 free'],
        [1, 3],
      ],
    )
  })

  test('is neither dropped nor in the way when the room is full', async () => {
    const scene = new Scene(1, 1)
    scene.receive([1, 1, 0, 1])
    scene.receive([2, 2, 1])
    scene.receive([3, 3, 1], [4, 4, 1])
    assert.deepEqual(scene.log, ['3 overloaded'])
    scene.endProbe('free')
    assert.deepEqual(scene.log, ['3 overloaded', '1 free'])
  })
})

describe('overload', () => {
  test('no more than so many messages are in the store at a time', async () => {
    const scene = new Scene(2)
    scene.receive([1, 1, 1], [2, 2, 1], [3, 3, 1])
    assert.deepEqual(scene.steps, [[1, 2]])
    await scene.store.runs[0]!.finish()
    assert.deepEqual(scene.steps, [[1, 2], [3]])
  })

  test('beyond the most that may wait the oldest is dropped, and the client goes on with its next one', async () => {
    const scene = new Scene(1, 3)
    scene.receive([1, 1, 1])
    scene.receive([2, 2, 1], [2, 3, 1], [3, 4, 1])
    scene.receive([4, 5, 1])
    assert.deepEqual(scene.log, ['2 overloaded'])
    await scene.store.runs[0]!.finish()
    assert.deepEqual(scene.steps.at(-1), [4])
    assert.deepEqual(scene.decided, [1, 2, 4, 5, 3])
  })

  test('a message behind another of its client is dropped as well', () => {
    const scene = new Scene(1, 1)
    scene.receive([1, 1, 1])
    scene.receive([1, 2, 1])
    scene.receive([1, 3, 1])
    assert.deepEqual(scene.log, ['2 overloaded'])
  })
})

test('whatever comes, each message has one outcome, in order for each client', async () => {
  const packet = fc.tuple(fc.nat(4), fc.nat(2), fc.nat(2))
  const turn = fc.tuple(fc.array(packet, { maxLength: 6 }), fc.nat(5), fc.constantFrom<ProbeResult[]>('free', IN_USE))
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { maxLength: 15 }), async (turns) => {
      const scene = new Scene(4, 6)
      const clients = new Map<number, number>()
      const unfinished = new Set<(typeof scene.store.runs)[number]>()
      const finish = async (which: number): Promise<void> => {
        for (const run of scene.store.runs.slice(seen)) unfinished.add(run)
        seen = scene.store.runs.length
        const run = [...unfinished][which % Math.max(1, unfinished.size)]
        if (run) unfinished.delete(run)
        await run?.finish()
      }
      let seen = 0
      let xid = 0
      for (const [packets, which, found] of turns) {
        const batch = packets.map(([client, steps, probes]) => [client, ++xid, steps, probes] as const)
        for (const [client, id] of batch) clients.set(id, client)
        scene.receive(...batch)
        await finish(which)
        scene.endProbe(found, which % Math.max(1, scene.parked.length))
      }
      while (scene.room.size > 0 || scene.parked.length > 0) {
        scene.endProbe('free')
        await finish(0)
      }
      const ids = scene.log.map((line) => Number(line.split(' ')[0]))
      assert.deepEqual(
        ids.toSorted((a, b) => a - b),
        Array.from({ length: xid }, (_, index) => index + 1),
      )
      for (const client of new Set(clients.values())) {
        const own = scene.log
          .filter((line) => !/overloaded|superseded/.test(line))
          .map((line) => Number(line.split(' ')[0]))
        const mine = own.filter((id) => clients.get(id) === client)
        assert.deepEqual(
          mine,
          mine.toSorted((a, b) => a - b),
        )
      }
    }),
    { numRuns: 100 },
  )
})

describe('while there is more to read, steps gather', () => {
  const stepsOf = ({ store }: Scene) => store.runs.map(({ steps }) => steps)

  test('until a batch is the last', async () => {
    const scene = new Scene()
    scene.receiveSome([1, 11, 1])
    scene.receiveSome([2, 21, 0])
    scene.receiveSome([3, 31, 1])
    assert.deepEqual(stepsOf(scene), [])
    scene.receive([4, 41, 1])
    assert.deepEqual(stepsOf(scene), [[11, 31, 41]])
  })

  test('also while others are carried out', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const scene = new Scene()
    scene.receive([1, 11, 1])
    scene.receiveSome([2, 21, 1])
    await scene.store.runs[0]!.finish()
    scene.receive([3, 31, 1])
    assert.deepEqual(stepsOf(scene), [[11], [21, 31]])
  })

  test('but not for long', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const scene = new Scene()
    scene.receiveSome([1, 11, 1])
    scene.receiveSome([2, 21, 1])
    t.mock.timers.tick(4)
    assert.deepEqual(stepsOf(scene), [[11, 21]])
    scene.receiveSome([3, 31, 1])
    assert.equal(stepsOf(scene).length, 1)
    t.mock.timers.tick(4)
    assert.deepEqual(stepsOf(scene), [[11, 21], [31]])
  })

  test('and not without end', () => {
    const scene = new Scene(1000, 1000)
    scene.receiveSome(...Array.from({ length: 255 }, (_, i): Said => [i, i, 1]))
    assert.deepEqual(stepsOf(scene), [])
    scene.receiveSome([255, 255, 1])
    assert.equal(stepsOf(scene)[0]!.length, 256)
  })
})
