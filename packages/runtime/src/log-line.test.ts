import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatLogLine } from './log-line.ts'

const base = { level: 'info', time: '2026-01-02T03:04:05.678Z', service: 'dhcp', msg: 'offer' }

const lines: readonly { name: string; record: Record<string, unknown>; line: string }[] = [
  { name: 'plain', record: base, line: '03:04:05.678 dhcp         offer' },
  {
    name: 'fields',
    record: { ...base, mac: '02:00:00:00:00:01', arch: 7, sent: ['a b'], note: 'two words', empty: '' },
    line: '03:04:05.678 dhcp         offer mac=02:00:00:00:00:01 arch=7 sent=["a b"] note="two words"',
  },
  { name: 'severity', record: { ...base, level: 'warn' }, line: '03:04:05.678 dhcp         WARN offer' },
  {
    name: 'the stack of an error',
    record: { ...base, level: 'error', err: { message: 'no', stack: 'Error: no\n  at x' } },
    line: '03:04:05.678 dhcp         ERROR offer\n    Error: no\n      at x',
  },
  {
    name: 'octets of a peer that would drive the terminal',
    record: { ...base, msg: 'a\u001b[2Jb', file: '\u001b]0;x\u0007' },
    line: '03:04:05.678 dhcp         a\\u001b[2Jb file="\\u001b]0;x\\u0007"',
  },
  {
    name: 'the same in the eighth-bit controls, turned direction, lists and the stack of an error',
    record: {
      ...base,
      asked: '\u009b2J',
      options: { 'a\u202e': ['\u009d'] },
      err: { stack: 'Error: \u001b[2J\n  at x' },
    },
    line: '03:04:05.678 dhcp         offer asked="\\u009b2J" options={"a\\u202e":["\\u009d"]}\n    Error: \\u001b[2J\n      at x',
  },
  {
    name: 'something that is no record of ours',
    record: { hello: null },
    line: '               hello=null',
  },
]

for (const { name, record, line } of lines) {
  test(`a log line for people: ${name}`, () => assert.equal(formatLogLine(record, { color: false }), line))
}
