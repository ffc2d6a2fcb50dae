import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bootLinux, initrd, ipxeScript, kernel } from '@reboots/protocol/ipxe'
import type { Seconds } from '@reboots/protocol/net'
import { runScript, type Selected } from './ipxe-interpreter.ts'

const FILES: Readonly<Record<string, string>> = {
  'http://h/vmlinuz': 'kernel',
  'http://h/initramfs': 'initrd',
  'http://h/next': '#!ipxe\nkernel http://h/vmlinuz from=next\nboot',
}

interface Ran {
  readonly selected: Selected | undefined
  readonly said: readonly string[]
  readonly fetched: readonly string[]
}

async function ran(script: string): Promise<Ran> {
  const said: string[] = []
  const fetched: string[] = []
  const fetch = async (url: string): Promise<Uint8Array> => {
    fetched.push(url)
    const text = FILES[url]
    if (text === undefined) throw new Error('404')
    return new TextEncoder().encode(text)
  }
  const settings = { 'net0/mac': '52:54:00:88:00:01' }
  const selected = await runScript(script, { fetch, echo: (text) => said.push(text), settings })
  return { selected, said, fetched }
}

const COMMAND_LINES: readonly (readonly [what: string, script: string, args: string | undefined])[] = [
  [
    'settings are expanded',
    'set a b:c\nkernel http://h/vmlinuz x=${a} mac=${net0/mac}\nboot',
    'x=b:c mac=52:54:00:88:00:01',
  ],
  ['a script is chained to', 'chain --autofree http://h/next', 'from=next'],
  ['imgargs replaces the arguments', 'kernel http://h/vmlinuz a\nimgargs vmlinuz b c\nboot', 'b c'],
  ['an argument may look like an option', 'kernel --name k http://h/vmlinuz -- --single\nboot', '-- --single'],
  ['a jump passes over lines', 'goto there\nexit\n:there\nkernel http://h/vmlinuz a\nboot', 'a'],
  ['|| is not taken when the command worked', 'kernel http://h/vmlinuz a || exit\nboot', 'a'],
  ['|| is taken when it failed', 'kernel http://h/nothing || kernel http://h/vmlinuz b\nboot', 'b'],
  ['a failure at the end of a line is forgiven', 'kernel http://h/nothing ||\nkernel http://h/vmlinuz c\nboot', 'c'],
  ['&& is not taken when the command failed', 'iseq a b && exit ||\nkernel http://h/vmlinuz d\nboot', 'd'],
  ['; is a separator, quotes or not', 'echo "x ; kernel http://h/vmlinuz e"\nboot', 'e"'],
  ['; goes on after a failure', 'kernel http://h/nothing ; kernel http://h/vmlinuz e\nboot', 'e'],
  ['a comment ends a line', 'kernel http://h/vmlinuz e #f || exit\nboot', 'e'],
  ['a failure ends the script', 'kernel http://h/nothing\nkernel http://h/vmlinuz e\nboot', undefined],
  ['exit ends it', 'kernel http://h/vmlinuz f\nexit 1\nboot', undefined],
  ['nothing is left to start after imgfree', 'kernel http://h/vmlinuz g\nimgfree\nboot', undefined],
  ['a script without boot starts nothing', 'kernel http://h/vmlinuz h', undefined],
]

for (const [what, script, args] of COMMAND_LINES) {
  test(what, async () => {
    const { selected } = await ran(`#!ipxe\n${script}`)
    assert.equal(selected?.kernel.args, args)
  })
}

test('the script of a Linux boot fetches kernel and ramdisk and starts', async () => {
  const retry = { retries: 2, delay: 0 as Seconds }
  const script = (from: string): string =>
    ipxeScript(bootLinux({ kernel: kernel(from, ['a=b']), initrds: [initrd('http://h/initramfs')], ...retry }))
  const good = await ran(script('http://h/vmlinuz'))
  assert.deepEqual(good.fetched, ['http://h/vmlinuz', 'http://h/initramfs'])
  assert.equal(good.selected?.kernel.args, 'a=b')
  const bad = await ran(script('http://h/nothing'))
  assert.deepEqual(bad.fetched, ['http://h/nothing', 'http://h/nothing', 'http://h/nothing'])
  assert.equal(bad.selected, undefined)
  assert.equal(bad.said.at(-1), 'The kernel could not be fetched.')
})

const REFUSED: readonly (readonly [what: string, script: string, reason: RegExp])[] = [
  ['a page that is no script', '<html>', /not an iPXE script/],
  ['a command it does not know', '#!ipxe\nlogin', /no command "login"/],
  ['a script that goes round for ever', '#!ipxe\n:a\ngoto a', /does not come to an end/],
]

for (const [what, script, reason] of REFUSED) {
  test(`${what} is refused`, async () => {
    await assert.rejects(ran(script), reason)
  })
}
