import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HOST_LINK, Lan, requireTools, type Host, type Running } from '@reboots/testkit'

/*
 * A policy is tried out on what real clients ask, while another is in force:
 *
 *     udhcpc, curl ── LAN ── 10.97.0.1 hardware, rules-engine, proxydhcp, ipxe-http
 */
const skip = requireTools({ root: true, commands: ['ip', 'udhcpc', 'curl'] })

const SERVER = '10.97.0.1'
const KNOWN = '52:54:00:97:00:01'
const UNKNOWN = '52:54:00:97:00:02'
const policy = (known: string): string => `apiVersion: reboots/v1
kind: BootPolicy
profiles: { shell: { ipxe: { script: shell } } }
rules:
  - { name: known, when: machine.known, then: ${known} }
otherwise: ignore
`
const HARDWARE = `kind: Hardware
apiVersion: tinkerbell.org/v1alpha1
metadata: { name: m1 }
spec: { interfaces: [{ dhcp: { mac: '${KNOWN}' }, netboot: { allowPXE: true } }] }
`

describe('a policy that is tried out', { skip, timeout: 180_000 }, () => {
  let directory: string
  let lan: Lan
  let server: Host
  const file = (name: string): string => path.join(directory, name)

  async function service(name: string, config: object): Promise<Running> {
    const settings = file(`${name}.json`)
    await writeFile(settings, JSON.stringify(config))
    const main = fileURLToPath(new URL(`../../services/${name}/src/main.ts`, import.meta.url))
    return server.start(name, { command: process.execPath, args: [main], env: { REBOOTS_CONFIG: settings } })
  }

  const rules = (...args: string[]): Promise<string> => {
    const main = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))
    // It ends with 1 when there is a difference, which is no failure here.
    return server.run('sh', '-c', '"$@" || [ $? -eq 1 ]', 'sh', process.execPath, main, 'rules', ...args)
  }

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'rsvc-shadow-'))
    await writeFile(file('hardware.yaml'), HARDWARE)
    await writeFile(file('policy.yaml'), policy('{ boot: shell }'))
    await writeFile(file('candidate.yaml'), policy('{ deny: sold }'))
    lan = await Lan.open({ prefix: 'rsv' })
    server = await lan.addHost('server', { address: `${SERVER}/24` })
    const links = { interfaces: [HOST_LINK] }
    await service('hardware', { hardware: { files: ['hardware.yaml'] } })
    await service('rules-engine', { rules: { policy: 'policy.yaml' } })
    const facing = [await service('proxydhcp', { links }), await service('ipxe-http', { links })]
    for (const one of facing)
      for (const what of ['machines', 'policy'])
        await one.waitFor(new RegExp(`"replica":"${what}"[^\n]*"msg":"synced"`), 60_000)
    await rules('shadow', file('candidate.yaml'), '--by', 'anna', '--why', 'the machines are sold')
    for (const one of facing) await one.waitFor(/"msg":"trying a candidate out"/, 60_000)
  })

  after(async () => {
    await lan?.close()
    if (directory) await rm(directory, { recursive: true })
  })

  /** What has been found, once so many decisions have been tried. */
  async function found(decisions: number): Promise<Record<string, unknown>> {
    for (;;) {
      const report = JSON.parse(await rules('shadow', '--json')) as Record<string, unknown>
      if (Number(report['decisions']) >= decisions) return report
    }
  }

  test('decides besides on what udhcpc and curl ask, and they get what the policy in force gives', async () => {
    for (const [index, mac] of [KNOWN, UNKNOWN].entries()) {
      const client = await lan.addHost(`client${index}`, { mac, address: `10.97.0.${10 + index}/24` })
      const firmware = ['-V', 'PXEClient:Arch:00007:UNDI:003016', '-x', '0x5d:0007']
      const args = ['-i', HOST_LINK, '-f', '-n', '-t', '1', '-T', '1', '-s', '/bin/true', ...firmware]
      await client.start('udhcpc', { command: 'udhcpc', args }).ended
      if (mac === KNOWN) {
        const script = await client.run(
          'curl',
          '-sS',
          '--fail',
          `http://${SERVER}:7080/ipxe/script/${mac}/auto.ipxe?arch=7`,
        )
        assert.match(script, /shell/)
      }
    }
    const { decisions, changed, by, why, differences } = await found(3)
    assert.deepEqual(
      { decisions, changed, by, why },
      { decisions: 3, changed: 1, by: 'anna', why: 'the machines are sold' },
    )
    assert.deepEqual(differences, [
      {
        before: 'boot shell',
        after: 'deny "sold"',
        machines: 1,
        clients: ['x64-uefi', 'x64-uefi, iPXE'],
        examples: ['m1'],
      },
    ])
  })
})
