import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseBootSpec, type Told } from './parse-spec.ts'
import { linuxSpec } from './spec.ts'

const linux = (kernel: string, initrd: string[] = [], args: string[] = []) => ({ kind: 'linux', kernel, initrd, args })
const SERVER = 'http://192.0.2.9/api'

const rows: readonly (readonly [answer: unknown, expected: unknown])[] = [
  [{ kernel: 'http://a/k' }, linux('http://a/k')],
  [{ kernel: 'http://a/${uuid}/k', initrd: ['tftp://a/i'] }, linux('http://a/${uuid}/k', ['tftp://a/i'])],
  [
    { kernel: '/k', initrd: ['i', '../j'] },
    linux('http://192.0.2.9/k', ['http://192.0.2.9/api/i', 'http://192.0.2.9/j']),
  ],
  [{ kernel: 'http://a/k', cmdline: ' quiet  a="b c"\n' }, linux('http://a/k', [], ['quiet', 'a="b', 'c"'])],
  [
    { kernel: 'http://a/k', cmdline: 'initrd=x u={{ URL "/c" }} {{"{{"}}' },
    linux('http://a/k', [], ['u=http://192.0.2.9/c', '{{']),
  ],
  [
    { kernel: 'http://a/k', cmdline: { z: true, b: 'c d', a: { url: 'x' } } },
    linux('http://a/k', [], ['a=http://192.0.2.9/api/x', 'b="c d"', 'z']),
  ],
  [
    { kernel: 'http://a/k', message: 'hello' },
    { ...linux('http://a/k'), message: 'hello' },
  ],
  [
    { 'ipxe-script': '#!ipxe\nshell\n', kernel: 7 },
    { kind: 'script', text: '#!ipxe\nshell\n' },
  ],
  [{ 'ipxe-script': 'shell' }, { wrong: 'ipxe-script does not begin with #!ipxe' }],
  [{}, { wrong: 'it has neither kernel nor ipxe-script' }],
  [[], { wrong: 'it is no JSON object' }],
  [null, { wrong: 'it is no JSON object' }],
  [{ kernel: 7 }, { wrong: 'kernel is no text' }],
  [{ kernel: 'file:///k' }, { wrong: '"file:///k" is no URL that a machine can fetch' }],
  [{ kernel: 'http://a/k', initrd: 'http://a/i' }, { wrong: 'initrd is no list of texts' }],
  [{ kernel: 'http://a/k', cmdline: 7 }, { wrong: 'cmdline is neither text nor object' }],
  [{ kernel: 'http://a/k', cmdline: { a: 7 } }, { wrong: 'cmdline says nothing usable of "a"' }],
  [{ kernel: 'http://a/k', cmdline: '{{ ID "x" }}' }, { wrong: 'cmdline has a {{ }} that is no URL "…"' }],
]
for (const [answer, expected] of rows) {
  const text = JSON.stringify(answer)
  test(`parseBootSpec ${text}`, () => assert.deepEqual(parseBootSpec(text, SERVER), expected))
}

test('what is not JSON', () => assert.deepEqual(parseBootSpec('<html>', SERVER), { wrong: 'it is not JSON' }))

test('any answer is something to boot or has a reason why not', () => {
  const isTold = (told: Told): boolean => 'wrong' in told || told.kind === 'script' || told.kind === 'linux'
  fc.assert(fc.property(fc.json(), (text) => isTold(parseBootSpec(text, SERVER))))
  fc.assert(
    fc.property(fc.record({ kernel: fc.webUrl(), cmdline: fc.anything() }), (spec) =>
      isTold(parseBootSpec(JSON.stringify(spec), SERVER)),
    ),
  )
})

test('what is told of a kernel is read as the same kernel', () => {
  const boot = { kind: 'linux', kernel: 'http://a/k', initrd: ['http://a/i'], args: ['quiet', 'x={{ y', 'z'] } as const
  const told = parseBootSpec(JSON.stringify(linuxSpec(boot, 'm')), SERVER)
  assert.deepEqual(told, { ...boot, args: ['quiet', 'x={{', 'y', 'z'], message: 'm' })
})
