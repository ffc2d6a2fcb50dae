import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leases as api } from '@reboots/api'
import { aligned, detailText, LIST_HEAD, listRow, relative, watchLine, widthsOf } from './show.ts'

const NOW = new Date('2026-11-20T12:00:00Z')
const after = (seconds: number) => new Date(NOW.getTime() + seconds * 1000)
const MAC = '52:54:00:12:34:56'
const { FREE, BOUND, DECLINED } = api.LeaseState
const lease = (more: Partial<api.Lease>): api.Lease => ({
  address: '192.0.2.10',
  state: BOUND,
  client: MAC,
  until: after(7200),
  reservation: undefined,
  ...more,
})

const times: readonly (readonly [seconds: number, text: string])[] = [
  [0, 'now'],
  [59, 'in 59 s'],
  [60, 'in 1 min'],
  [3599, 'in 59 min'],
  [86_399, 'in 23 h'],
  [86_400 * 30, 'in 30 d'],
  [-61, '1 min ago'],
  [-86_400, '1 d ago'],
]
for (const [seconds, text] of times) {
  test(`${seconds} s: ${text}`, () => assert.equal(relative(after(seconds), NOW), text))
}

test('the list has its columns under one another', () => {
  const leases = [
    lease({}),
    lease({ address: '192.0.2.111', until: undefined, reservation: { client: MAC, until: undefined } }),
    lease({ state: DECLINED, reservation: { client: '52:54:00:ff:ff:ff', until: after(60) } }),
    lease({ state: FREE, client: '', reservation: { client: MAC, until: after(86_400) } }),
  ]
  const rows = [LIST_HEAD, ...leases.map((one) => listRow(one, NOW))]
  assert.deepEqual(aligned(rows, widthsOf(rows)), [
    'ADDRESS      STATE     CLIENT             ENDS    RESERVED',
    '192.0.2.10   bound     52:54:00:12:34:56  in 2 h',
    '192.0.2.111  bound     52:54:00:12:34:56  never   for ever',
    '192.0.2.10   declined  52:54:00:12:34:56  in 2 h  for 52:54:00:ff:ff:ff, ends in 1 min',
    '192.0.2.10   reserved  52:54:00:12:34:56          ends in 1 d',
  ])
})

test('an address is shown with all that is known of it, and nothing that is not', () => {
  const event = { at: after(-60), kind: api.EventKind.BOUND, address: '192.0.2.10', client: MAC, until: after(7200) }
  const detail = { subnet: '192.0.2.0/24', pooled: true, machine: '', hostName: '', history: [event] }
  assert.deepEqual(detailText({ lease: lease({}), since: after(-60), ...detail }, NOW).split('\n'), [
    'address       192.0.2.10',
    'state         bound',
    `client        ${MAC}`,
    'since         2026-11-20T11:59:00Z (1 min ago)',
    'ends          2026-11-20T14:00:00Z (in 2 h)',
    'subnet        192.0.2.0/24, in a pool',
    'history',
    `  1 min ago  bound  ${MAC}`,
  ])
  const free = lease({ state: FREE, client: '', until: undefined })
  const text = detailText({ lease: free, since: undefined, ...detail, subnet: '', history: [] }, NOW)
  assert.equal(text, 'address       192.0.2.10\nstate         free\nsubnet        none of the configuration')
})

test('an event is a line, with its end where there is one', () => {
  const line = (kind: api.EventKind, until: Date | undefined) =>
    watchLine({ at: NOW, kind, address: '192.0.2.10', client: MAC, until }, NOW)
  const begin = '2026-11-20T12:00:00Z'
  assert.deepEqual(
    [line(api.EventKind.BOUND, after(60)), line(api.EventKind.RESERVED, undefined), line(api.EventKind.EXPIRED, NOW)],
    [
      `${begin}  bound       192.0.2.10       ${MAC}  ends in 1 min`,
      `${begin}  reserved    192.0.2.10       ${MAC}  never ends`,
      `${begin}  expired     192.0.2.10       ${MAC}`,
    ],
  )
})
