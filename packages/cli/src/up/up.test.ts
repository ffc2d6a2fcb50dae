import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { test, type TestContext } from 'node:test'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

/** The control plane needs no privileges, and no port that another test could have. */
const ENV = {
  REBOOTS_HARDWARE_LISTEN: '127.0.0.1:0',
  REBOOTS_HARDWARE_METRICS_LISTEN: 'off',
  REBOOTS_RULES_LISTEN: '127.0.0.1:0',
  REBOOTS_RULES_METRICS_LISTEN: 'off',
  REBOOTS_RULES_REST_LISTEN: 'off',
}

function reboots(t: TestContext, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...ENV, ...env },
    // A process group of its own, as a terminal gives to what is started from it.
    detached: true,
  })
  t.after(() => child.kill('SIGKILL'))
  return child
}

async function ready(child: ChildProcess): Promise<string> {
  let output = ''
  for await (const chunk of child.stdout!.iterator({ destroyOnReturn: false })) {
    output += String(chunk)
    if (output.includes('Ctrl-C stops everything')) return output
  }
  throw new Error(`not ready: ${output}`)
}

const CONTROL_PLANE = ['up', '--only', 'hardware,rules-engine']
const ways = [
  { name: 'Ctrl-C, which reaches every process of the terminal', stop: (pid: number) => process.kill(-pid, 'SIGINT') },
  { name: 'SIGTERM to the command alone', stop: (pid: number) => process.kill(pid, 'SIGTERM') },
]
for (const { name, stop } of ways) {
  test(`up shows what runs, and ${name} stops it`, async (t) => {
    const child = reboots(t, CONTROL_PLANE)
    const shown = await ready(child)
    assert.match(
      shown,
      /^Reboots is ready\.\n\n {2}hardware +gRPC 127\.0\.0\.1:\d+ .*\n(.*\n)* {2}rules-engine +gRPC 127\.0\.0\.1:\d+ /,
    )
    assert.match(shown, /1\. These are example machines/)
    const rest = text(child.stdout!)
    stop(child.pid!)
    assert.deepEqual(await once(child, 'exit'), [0, null])
    assert.match(await rest, /All services have stopped\.\n$/)
  })
}

const refusals: readonly { name: string; args: readonly string[]; env?: Record<string, string>; says: RegExp }[] = [
  {
    name: 'a missing interface',
    args: ['up', '--interface', 'eth99x'],
    says: /^reboots: there is no network interface "eth99x".*\n {2}Set one of: .*lo/,
  },
  {
    name: 'settings that are wrong in two services',
    args: CONTROL_PLANE,
    env: { REBOOTS_RULES_POLIC: 'x', REBOOTS_HARDWARE_FILE: 'x' },
    says: /^(hardware, rules-engine|rules-engine, hardware): the configuration has errors\n {2}REBOOTS_HARDWARE_FILE: .*\n {2}REBOOTS_RULES_POLIC: .*POLICY\?\n$/,
  },
  {
    name: 'help for a command that is none',
    args: ['help', 'confg'],
    says: /^reboots: there is no command "confg", did you mean "config"\?\n/,
  },
  { name: 'a command that is none', args: ['upp'], says: /^reboots: there is no command "upp", did you mean "up"\?\n/ },
]
for (const { name, args, env, says } of refusals) {
  test(`refused with exit 2: ${name}`, async (t) => {
    const child = reboots(t, args, env)
    const [errors, [code]] = await Promise.all([text(child.stderr!), once(child, 'exit')])
    assert.equal(code, 2)
    assert.match(errors, says)
  })
}
