import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Instant, Ipv4Address, MacAddress, Seconds } from '@reboots/protocol/net'
import { VirtualClock, VirtualWire } from '@reboots/testkit'
import * as fc from 'fast-check'
import {
  Prober,
  type Asker,
  type ProbeBudget,
  type ProbeOutcome,
  type ProberOptions,
  type ProbeRequest,
  type ProbeResult,
} from './prober.ts'

const SQUATTER = '52:54:00:77:00:99' as MacAddress

/** A wire, and a prober that asks there. */
class Wire extends VirtualWire {
  readonly clock: VirtualClock
  /** What became of requests, in order. */
  readonly counted: string[] = []
  readonly prober: Prober

  constructor(options: Partial<ProberOptions & ProbeBudget> = {}, clock = new VirtualClock()) {
    super(clock)
    this.clock = clock
    const asker: Asker = this.attach((address, occupant) => this.prober.answered(asker, address, occupant))
    const world = {
      askerFor: () => asker,
      count: ({ address }: ProbeRequest, outcome: ProbeOutcome) =>
        void this.counted.push(`${address & 255} ${outcome}`),
      now: () => clock.now as Instant,
      later: clock.later,
    }
    const budget = { waitMilliseconds: 400, atOnce: 64, rememberSeconds: 60 as Seconds }
    this.prober = new Prober({ ...world, ...options }, { ...budget, ...options })
  }

  /** The last octets of the addresses that were asked for. */
  get questions(): number[] {
    return this.asked.map((address) => address & 255)
  }
}

function request(last: number, more: Partial<ProbeRequest> = {}): ProbeRequest {
  const client = '52:54:00:00:00:01' as MacAddress
  return { address: (0xc0a80100 + last) as Ipv4Address, link: 'lan0', method: 'arp', client, known: false, ...more }
}

/** Probes, and what each was told: at once, or later in the order in which it came. */
function probing(wire: Wire) {
  const told: string[] = []
  const say = (address: number, result: ProbeResult) =>
    void told.push(`${address & 255} ${result === 'free' ? result : result.occupant}`)
  const probe = (asked: ProbeRequest) => {
    const known = wire.prober.probe(asked, (result) => say(asked.address, result))
    return known === undefined ? 'parked' : known
  }
  return { told, probe }
}

describe('an address', () => {
  test('that nobody answers for is free when the time is up, having been asked for twice', () => {
    const wire = new Wire()
    const { told, probe } = probing(wire)
    assert.equal(probe(request(9)), 'parked')
    wire.clock.pass(399)
    assert.deepEqual([told, wire.questions, wire.listening], [[], [9, 9], true])
    wire.clock.pass(1)
    assert.deepEqual([told, wire.counted, wire.listening, wire.clock.alarms], [['9 free'], ['9 free'], false, 0])
  })

  test('that somebody answers for is in use at once, and is not asked for again', () => {
    const wire = new Wire()
    wire.hosts.set(request(9).address, SQUATTER)
    const { told, probe } = probing(wire)
    probe(request(9))
    wire.clock.pass(1)
    assert.deepEqual([told, wire.counted], [[`9 ${SQUATTER}`], ['9 in-use']])
    wire.clock.pass(1000)
    assert.deepEqual([told.length, wire.questions, wire.clock.alarms], [1, [9], 0])
  })

  test('whose first question is lost is found by the second', () => {
    const wire = new Wire()
    const { told, probe } = probing(wire)
    probe(request(9))
    wire.hosts.set(request(9).address, SQUATTER)
    wire.clock.pass(201)
    assert.deepEqual(told, [`9 ${SQUATTER}`])
  })

  test('that its own client answers for is free', () => {
    const wire = new Wire()
    wire.hosts.set(request(9).address, request(9).client)
    const { told, probe } = probing(wire)
    probe(request(9))
    wire.clock.pass(400)
    assert.deepEqual(told, ['9 free'])
  })

  test('counts as free for a while once it was', () => {
    const wire = new Wire()
    const { probe } = probing(wire)
    probe(request(9))
    wire.clock.pass(400)
    assert.equal(probe(request(9)), 'free')
    wire.clock.pass(59_999)
    assert.equal(probe(request(9)), 'free')
    wire.clock.pass(1)
    assert.equal(probe(request(9)), 'parked')
    assert.deepEqual(wire.counted, ['9 free', '9 remembered', '9 remembered'])
  })

  test('is asked for again, whatever is remembered, when that is wanted', () => {
    const wire = new Wire()
    const { probe } = probing(wire)
    const asked = [{ known: true }, {}, { anew: true }].map((more) => probe(request(9, more)))
    assert.deepEqual([asked, wire.questions], [['free', 'free', 'parked'], [9]])
  })

  test('that its client has had is not asked for, nor when the client says the same again', () => {
    const wire = new Wire()
    const { probe } = probing(wire)
    assert.deepEqual([probe(request(9, { known: true })), probe(request(9))], ['free', 'free'])
    assert.deepEqual(wire.asked, [])
  })

  test('that is asked for already is not asked for a second time', () => {
    const wire = new Wire()
    const { told, probe } = probing(wire)
    assert.deepEqual([probe(request(9)), probe(request(9, { client: SQUATTER }))], ['parked', 'parked'])
    wire.clock.pass(400)
    assert.deepEqual(
      [told, wire.questions],
      [
        ['9 free', '9 free'],
        [9, 9],
      ],
    )
  })

  test('that cannot be asked for counts as free', () => {
    const wire = new Wire()
    wire.broken = true
    const { probe } = probing(wire)
    assert.equal(probe(request(9)), 'free')
    const none = new Wire({ askerFor: () => undefined })
    assert.equal(probing(none).probe(request(9)), 'free')
    assert.deepEqual([wire.counted, none.counted, wire.listening], [['9 impossible'], ['9 impossible'], false])
  })
})

describe('the budget', () => {
  test('who comes beyond it is told at once that nothing is known', () => {
    const wire = new Wire({ atOnce: 2 })
    const { probe } = probing(wire)
    assert.deepEqual(
      [1, 2, 3].map((last) => probe(request(last))),
      ['parked', 'parked', 'free'],
    )
    assert.deepEqual(wire.counted, ['3 over-budget'])
  })

  test('is a rate: an answer that comes early makes no room', () => {
    const wire = new Wire({ atOnce: 1 })
    wire.hosts.set(request(1).address, SQUATTER)
    const { told, probe } = probing(wire)
    probe(request(1))
    wire.clock.pass(10)
    assert.deepEqual([told, probe(request(2))], [[`1 ${SQUATTER}`], 'free'])
    wire.clock.pass(390)
    assert.equal(probe(request(2)), 'parked')
  })
})

test('nobody is called back after the end', () => {
  const wire = new Wire()
  const { told, probe } = probing(wire)
  probe(request(9))
  wire.prober.close()
  wire.clock.pass(1000)
  assert.deepEqual([told, wire.clock.alarms], [[], 0])
})

test('whatever is asked for, each request is told once, what is said is true, and the budget is kept', () => {
  const asked = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.nat(300))
  fc.assert(
    fc.property(
      fc.array(asked, { maxLength: 60 }),
      fc.uniqueArray(fc.integer({ min: 1, max: 12 })),
      (requests, used) => {
        const wire = new Wire({ atOnce: 3 })
        for (const last of used) wire.hosts.set(request(last).address, SQUATTER)
        const { told, probe } = probing(wire)
        const begun: number[] = []
        let parked = 0
        for (const [last, pause] of requests) {
          const before = wire.asked.length
          const known = probe(request(last))
          if (known === 'parked') parked++
          if (wire.asked.length > before) begun.push(wire.clock.now)
          wire.clock.pass(pause)
        }
        wire.clock.pass(1000)
        const expected = told
          .map((line) => Number.parseInt(line))
          .map((last) => `${last} ${used.includes(last) ? SQUATTER : 'free'}`)
        assert.deepEqual(told, expected)
        assert.deepEqual([told.length, wire.prober.size, wire.listening, wire.clock.alarms], [parked, 0, false, 0])
        for (const at of begun) assert.ok(begun.filter((other) => other > at - 400 && other <= at).length <= 3)
      },
    ),
    { numRuns: 200 },
  )
})
