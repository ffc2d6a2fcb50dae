import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { decodeMessage, messageType } from '@reboots/protocol/dhcp'
import { formatIpv4 } from '@reboots/protocol/net'
import { HOST_LINK, Lan, requireTools, type Capture, type Host, type Packet, type Running } from '@reboots/testkit'

/*
 * Several of services/proxydhcp on one LAN, which all may serve the client that asks:
 *
 *     udhcpc ── LAN ─┬─ 10.95.0.1 proxydhcp as it ships, hardware, rules-engine
 *                    ├─ 10.95.0.2 … that lets the first be heard
 *                    ├─ 10.95.0.3 … for other machines
 *                    └─ 10.95.0.4 … for clients that have tried for a while
 */
const skip = requireTools({ root: true, commands: ['ip', 'tcpdump', 'udhcpc', 'curl'] })

const FIRST = '10.95.0.1'
const OTHERS = {
  late: { address: '10.95.0.2', proxydhcp: { delayMilliseconds: 300 }, outcome: 'offer' },
  elsewhere: { address: '10.95.0.3', proxydhcp: { admission: { ouis: ['02:00:00'] } }, outcome: 'not-admitted' },
  patient: { address: '10.95.0.4', proxydhcp: { minimumSecs: 30 }, outcome: 'too-early' },
} as const
const POLICY = `apiVersion: reboots/v1
kind: BootPolicy
profiles: { shell: { ipxe: { script: shell } } }
rules: []
otherwise: { boot: shell }
`

describe('several proxies on one LAN', { skip, timeout: 180_000 }, () => {
  let directory: string
  let lan: Lan
  let capture: Capture
  const hosts: Record<string, Host> = {}

  async function service(host: Host, name: string, config: unknown): Promise<Running> {
    const file = path.join(directory, `${host.name}-${name}.json`)
    await writeFile(file, JSON.stringify(config))
    const main = fileURLToPath(new URL(`../../services/${name}/src/main.ts`, import.meta.url))
    return host.start(name, { command: process.execPath, args: [main], env: { REBOOTS_CONFIG: file } })
  }

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'rc-pair-'))
    await writeFile(path.join(directory, 'hardware.yaml'), '')
    await writeFile(path.join(directory, 'policy.yaml'), POLICY)
    lan = await Lan.open({ prefix: 'rc' })
    const first = await lan.addHost('first', { address: `${FIRST}/24` })
    await service(first, 'hardware', { hardware: { listen: `${FIRST}:42113`, files: ['hardware.yaml'] } })
    await service(first, 'rules-engine', { rules: { listen: `${FIRST}:42115`, policy: 'policy.yaml' } })
    const control = { hardware: `${FIRST}:42113`, rules: `${FIRST}:42115` }
    const links = { interfaces: [HOST_LINK] }
    const running = [await service(first, 'proxydhcp', { links, control })]
    for (const [name, { address, proxydhcp }] of Object.entries(OTHERS)) {
      hosts[name] = await lan.addHost(name, { address: `${address}/24` })
      running.push(await service(hosts[name], 'proxydhcp', { links, control, proxydhcp }))
    }
    for (const proxy of running)
      for (const what of ['machines', 'policy'])
        await proxy.waitFor(new RegExp(`"replica":"${what}"[^\n]*"msg":"synced"`), 60_000)
    capture = await lan.capture('udp src port 67')
  })

  after(async () => {
    await lan?.close()
    if (directory) await rm(directory, { recursive: true })
  })

  const isFrom = (address: string) => (packet: Packet) => formatIpv4(packet.from.address) === address

  test('the first answers, the late one after it, and the two others nothing', async () => {
    const client = await lan.addHost('client', { mac: '52:54:00:95:00:01' })
    const firmware = ['-V', 'PXEClient:Arch:00000:UNDI:002001', '-x', '0x5d:0000', '-B']
    // One question, and nobody has an address for it.
    const args = ['-i', HOST_LINK, '-f', '-n', '-t', '1', '-T', '1', '-s', '/bin/true', ...firmware]
    await client.start('udhcpc', { command: 'udhcpc', args }).ended
    await capture.waitFor(isFrom(OTHERS.late.address))
    const answers = capture.packets().map(({ from, payload }) => {
      const message = decodeMessage(payload)
      return [formatIpv4(from.address), messageType(message), message.yiaddr]
    })
    assert.deepEqual(answers, [
      [FIRST, 'offer', 0],
      [OTHERS.late.address, 'offer', 0],
    ])
  })

  for (const [name, { outcome }] of Object.entries(OTHERS)) {
    test(`${name}: ${outcome}`, async () => {
      const metrics = await hosts[name]!.run('curl', '--silent', '--fail', 'http://127.0.0.1:7011/metrics')
      assert.match(metrics, new RegExp(`\\{port="67",received="discover",outcome="${outcome}"\\} 1`))
    })
  }
})
