import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { HOST_LINK } from '@reboots/testkit'
import { LiveTimeline } from './demo/print.ts'
import { hasRouter, obstacles, siteDhcp, virtualMachine } from './demo/prerequisites.ts'
import type { Firmware } from './machine.ts'
import { Network, REBOOTS_ADDRESS, SITE_ADDRESS } from './network.ts'
import { NETWORK } from './site.ts'
import { untilReady } from './stack.ts'

// npm run demo: one boot from power-on to the kernel, in a network that exists for it alone.

const USAGE = `npm run demo [-- --full] [--model]
  --full   Reboots is the DHCP server; without it a stock DHCP server gives addresses and proxydhcp runs beside it
  --model  boot a model client (its packets only) even if there is QEMU for a virtual machine`

const GONE = 'Everything that was made for this is removed again.'
const MAC = '52:54:00:88:00:01'
const DATA = ['tftp', 'ipxe-http'] as const
const SERVICES = { proxy: ['proxydhcp', ...DATA], full: ['dhcp', ...DATA] } as const

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    model: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) console.log(USAGE)
else process.exitCode = await demo(values.full ? 'full' : 'proxy', values.model)

async function demo(mode: 'proxy' | 'full', model: boolean): Promise<number> {
  const problems = obstacles(mode)
  if (problems.length > 0) {
    console.error(`The demo cannot run here.\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
    return 2
  }
  const machine = model
    ? ({ firmware: undefined, because: 'as asked for by --model' } as const)
    : await virtualMachine()
  const network = await openNetwork(mode, machine.firmware === undefined)
  try {
    await startReboots(network, mode)
    console.log(introduction(mode))
    if (machine.firmware !== undefined) return await bootMachine(network, machine.firmware)
    console.log(`No virtual machine: ${machine.because}.\nA model client boots instead, by real packets.\n`)
    return await bootModelClient(network)
  } catch (error) {
    console.error(`\n${(error as Error).message}\n\n${network.story()}`)
    return 1
  } finally {
    await network.close()
  }
}

async function openNetwork(mode: 'proxy' | 'full', model: boolean): Promise<Network> {
  const reserved = mode === 'full' ? { address: '192.168.88.77' } : {}
  const kernelParams = ['hello=from-the-hardware-record']
  return Network.open({
    label: 'demo',
    services: [],
    ...(mode === 'proxy' ? { site: siteDhcp() } : {}),
    records: [{ name: 'demo', mac: MAC, uefi: true, allowPxe: true, kernelParams, ...reserved }],
    ipv6: hasRouter() ? 'advertised' : 'none',
    // The model client starts nothing, so anything will do.
    ...(model ? { bootFiles: { kernel: placeholder('kernel'), initrd: placeholder('initrd') } } : {}),
  })
}

/** `reboots up`, as an operator starts it, on the host that is Reboots' in this network. */
async function startReboots(network: Network, mode: 'proxy' | 'full'): Promise<void> {
  const main = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url))
  const args = [main, 'up', '--mode', mode, '--interface', HOST_LINK]
  const env = { REBOOTS_CONFIG: join(network.directory, 'reboots.yaml') }
  const up = network.reboots.start('reboots up', { command: process.execPath, args, env })
  await Promise.all(SERVICES[mode].map((name) => untilReady(network.reboots, name, up)))
}

async function bootMachine(network: Network, firmware: Firmware): Promise<number> {
  const timeline = liveTimeline(network)
  const machine = await network.powerOn(firmware, MAC)
  timeline.powerOn(
    firmware === 'uefi'
      ? 'a virtual machine with UEFI firmware (OVMF)'
      : 'a virtual machine with SeaBIOS and an iPXE ROM',
    machine.poweredOnAt,
  )
  timeline.listen(machine)
  const { commandLine } = await network.untilItReports(machine)
  timeline.line(Date.now(), {
    channel: 'console',
    parties: 'the first program runs',
    text: 'from the initial RAM disk',
  })
  console.log(`\nThe machine booted. Its kernel's command line:\n${wrapped(commandLine)}\n\n${GONE}`)
  return 0
}

async function bootModelClient(network: Network): Promise<number> {
  const timeline = liveTimeline(network)
  const host = await network.lan.addHost('machine', { mac: MAC })
  const main = fileURLToPath(new URL('../../../packages/testkit/src/pxe-client/main.ts', import.meta.url))
  timeline.powerOn('a model client, as UEFI firmware')
  const boot = JSON.parse(await host.run(process.execPath, main, '--mac', MAC, '--interface', HOST_LINK)) as ModelReport
  if (boot.kernel === undefined) throw new Error(`the script starts no kernel:\n${boot.script.text}`)
  timeline.line(Date.now(), { channel: 'console', parties: 'a machine would start now', text: boot.kernel.url })
  console.log(`\nThe command line it would give its kernel:\n${wrapped(boot.kernel.args)}\n\n${GONE}`)
  return 0
}

/** What the model client prints, as far as it is shown here. */
interface ModelReport {
  readonly script: { readonly text: string }
  readonly kernel?: { readonly url: string; readonly args: string }
}

function liveTimeline(network: Network): LiveTimeline {
  const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined
  const names = new Map([
    [REBOOTS_ADDRESS, 'Reboots'],
    [SITE_ADDRESS, 'site'],
  ])
  const timeline = new LiveTimeline(names, colour)
  timeline.follow(network.capture)
  return timeline
}

function introduction(mode: 'proxy' | 'full'): string {
  const addresses =
    mode === 'full'
      ? ''
      : `\n  site      ${SITE_ADDRESS}, ${siteDhcp().command}: gives addresses, knows nothing of booting`
  return `A private network, ${NETWORK}, which nothing outside can see:${addresses}
  Reboots   ${REBOOTS_ADDRESS}, "reboots up --mode ${mode}"${mode === 'full' ? ': gives addresses as well' : ''}
  machine   ${MAC}, allowed to boot by its hardware record
`
}

/** Words in lines that fit a terminal. */
function wrapped(text: string): string {
  return text.replace(/(.{1,96})(?: |$)/g, '  $1\n').trimEnd()
}

function placeholder(what: string): Uint8Array {
  return new TextEncoder().encode(`In place of a ${what}.\n`)
}
