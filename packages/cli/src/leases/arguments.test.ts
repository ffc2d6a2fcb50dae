import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leases as api } from '@reboots/api'
import { OperatorError } from '@reboots/runtime'
import { leasesArguments, subjectOf, type LeasesArguments } from './arguments.ts'

const NOW = new Date('2026-11-20T12:00:00Z')
const A = '192.0.2.10'
const MAC = '52:54:00:12:34:56'

const read: readonly (readonly [line: string, means: Partial<LeasesArguments>])[] = [
  ['', { action: 'list', words: [], address: '127.0.0.1:42117', json: false }],
  ['--json --address dhcp:1', { action: 'list', json: true, address: 'dhcp:1' }],
  [
    'list --subnet 10.0.0.0/8 --state bound,reserved --state declined --text x',
    {
      list: {
        subnet: '10.0.0.0/8',
        states: [api.LeaseState.BOUND, api.LeaseState.FREE, api.LeaseState.DECLINED],
        client: '',
        text: 'x',
      },
    },
  ],
  [`show ${A}`, { action: 'show', words: [A] }],
  [`reserve ${A} ${MAC}`, { action: 'reserve', words: [A, MAC], until: undefined }],
  [`reserve ${A} ${MAC} --for 90s`, { until: new Date('2026-11-20T12:01:30Z') }],
  [`reserve ${A} ${MAC} --for 2w`, { until: new Date('2026-12-04T12:00:00Z') }],
  [`reserve ${A} ${MAC} --until 2026-11-20T12:00:01Z`, { until: new Date('2026-11-20T12:00:01Z') }],
  [`release ${A} --client ${MAC} --lease`, { client: MAC, what: api.ReleaseWhat.LEASE }],
  [`release ${A} --reservation`, { client: undefined, what: api.ReleaseWhat.RESERVATION }],
  [`release ${A} --reservation --lease`, { what: api.ReleaseWhat.UNSPECIFIED }],
  [`history ${MAC} --limit 5`, { action: 'history', words: [MAC], limit: 5 }],
]

for (const [line, means] of read) {
  test(`leases ${line}`, () => {
    const words = line.split(' ').filter((word) => word !== '')
    assert.deepEqual({ ...leasesArguments(words, NOW), ...means }, leasesArguments(words, NOW))
  })
}

const refused: readonly (readonly [line: string, says: RegExp])[] = [
  ['lits', /no "reboots leases lits", did you mean "list"\?/],
  ['show', /a word is missing/],
  [`show ${A} ${MAC}`, /"52:54:00:12:34:56" is too much/],
  [`reserve ${A}`, /a word is missing/],
  ['list --for 3d', /--for is not for "leases list"/],
  [`show ${A} --limit 3`, /--limit is not for/],
  ['list --stat bound', /no option --stat, did you mean "--state"\?/],
  ['list --state bond', /must be one of bound, .*not "bond", did you mean "bound"\?/],
  [`reserve ${A} ${MAC} --for 3y`, /--for must be a time such as/],
  [`reserve ${A} ${MAC} --until tomorrow`, /--until must be a time such as/],
  [`reserve ${A} ${MAC} --until 2026-13-01`, /--until must be a time such as/],
  [`reserve ${A} ${MAC} --until 2026-01-01`, /--until 2026-01-01 is over already/],
  [`reserve ${A} ${MAC} --until 2030-01-01 --for 3d`, /say the same thing/],
  [`history ${A} --limit 0`, /--limit must be a number from 1 to 1000/],
]
for (const [line, says] of refused) {
  test(`leases ${line}: refused`, () => {
    assert.throws(
      () => leasesArguments(line.split(' '), NOW),
      (error) => error instanceof OperatorError && says.test(error.message),
    )
  })
}

test('a MAC address may be written in any of the usual ways', () => {
  const written = ['52:54:00:12:34:AB', '52-54-00-12-34-ab', '5254.0012.34ab', '5254001234AB']
  assert.deepEqual(new Set(written.map((word) => subjectOf(word).value)), new Set(['52:54:00:12:34:ab']))
  assert.deepEqual(subjectOf('id:0152'), { $case: 'client', value: 'id:0152' })
  assert.deepEqual(subjectOf(A), { $case: 'address', value: A })
  assert.throws(() => subjectOf('192.0.2'), /neither an IPv4 address nor a MAC address/)
})
