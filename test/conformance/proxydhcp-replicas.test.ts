import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HOST_LINK, Lan, requireTools, type Host, type Running } from '@reboots/testkit'
import { vector } from './src/client.ts'
import { menuOf } from './src/vendor-options.ts'
import { textOf } from './src/wire/octets.ts'
import { ACK } from './src/wire/request.ts'
import { answers, Wire, type Reply } from './src/wire/wire.ts'

/*
 * Two replicas of services/proxydhcp with the same records and policy, and nothing between them:
 *
 *     clients ── LAN ─┬─ 10.96.0.1 proxydhcp, hardware, rules-engine
 *                     └─ 10.96.0.2 proxydhcp
 */
const skip = requireTools({ root: true, commands: ['ip'] })

const REPLICAS = ['10.96.0.1', '10.96.0.2'] as const
const [FIRST, SECOND] = REPLICAS
const CLIENT = '10.96.0.87'
const POLICY = `apiVersion: reboots/v1
kind: BootPolicy
profiles: { shell: { ipxe: { script: shell } }, hook: { chain: 'http://192.0.2.1/hook.ipxe' } }
menus: { m: { timeoutSeconds: 5, entries: [{ title: Shell, boot: shell }, { title: Hook, boot: hook }] } }
rules: [{ name: chooses, when: 'client.mac == "52:54:00:96:00:01"', then: { menu: m } }]
otherwise: { boot: shell }
`
const CHOOSER = { mac: '52:54:00:96:00:01' }
const OTHERS = [2, 3, 4].map((last) => ({ mac: `52:54:00:96:00:0${last}` }))
/** Option 175 of the iPXE ROM in that vector, and in its place that of one without HTTP, of some version. */
const FEATURES = 'af30b105011af41000eb03010000170101220101130101110101270101190101290101100102210101150101180101120101'
const withoutHttp = (version: number): string => `af0beb0301000${version}170101150101`

describe('two replicas', { skip, timeout: 180_000 }, () => {
  let directory: string
  let lan: Lan
  let wire: Wire
  const macs = new Map<string, string>()
  let xid = 0x9600_0000

  async function service(host: Host, name: string, config: unknown): Promise<Running> {
    const file = path.join(directory, `${host.name}-${name}.json`)
    await writeFile(file, JSON.stringify(config))
    const main = fileURLToPath(new URL(`../../services/${name}/src/main.ts`, import.meta.url))
    return host.start(name, { command: process.execPath, args: [main], env: { REBOOTS_CONFIG: file } })
  }

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'rr-'))
    await writeFile(path.join(directory, 'hardware.yaml'), '')
    await writeFile(path.join(directory, 'policy.yaml'), POLICY)
    lan = await Lan.open({ prefix: 'rr' })
    const control = { hardware: `${FIRST}:42113`, rules: `${FIRST}:42115` }
    for (const address of REPLICAS) {
      const host = await lan.addHost(`replica-${address.at(-1)}`, { address: `${address}/24` })
      macs.set(address, await host.mac())
      if (address === FIRST) {
        await service(host, 'hardware', { hardware: { listen: control.hardware, files: ['hardware.yaml'] } })
        await service(host, 'rules-engine', { rules: { listen: control.rules, policy: 'policy.yaml' } })
      }
      const proxy = await service(host, 'proxydhcp', { links: { interfaces: [HOST_LINK] }, control })
      for (const what of ['machines', 'policy'])
        await proxy.waitFor(new RegExp(`"replica":"${what}"[^\n]*"msg":"synced"`), 60_000)
    }
    const clients = await lan.addHost('clients')
    wire = new Wire((await clients.run('sh', '-c', 'ip netns identify $$')).trim(), HOST_LINK)
  })

  after(async () => {
    await wire?.close()
    await lan?.close()
    if (directory) await rm(directory, { recursive: true })
  })

  function send(payload: Uint8Array, sourceMac: string, transaction: number, server?: string): void {
    const octets = Uint8Array.from(payload)
    new DataView(octets.buffer).setUint32(4, transaction)
    const alone = { destinationMac: macs.get(server ?? '')!, from: CLIENT, fromPort: 4011, to: server!, toPort: 4011 }
    const everybody = {
      destinationMac: 'ff:ff:ff:ff:ff:ff',
      from: '0.0.0.0',
      fromPort: 68,
      to: '255.255.255.255',
      toPort: 67,
    }
    wire.own(CLIENT, sourceMac)
    wire.send({ sourceMac, payload: octets, ...(server === undefined ? everybody : alone) })
  }

  const replyFrom = (server: string, transaction: number): Promise<Reply> =>
    wire.take((packet) => answers(transaction)(packet) && packet.sourceMac === macs.get(server))

  /** What the replicas say to a question on port 67. */
  function both(payload: Uint8Array, mac: string, transaction = xid++): Promise<Reply[]> {
    send(payload, mac, transaction)
    return Promise.all(REPLICAS.map((server) => replyFrom(server, transaction)))
  }

  /** What one says on port 4011. */
  function alone(server: string, payload: Uint8Array, mac: string): Promise<Reply> {
    const transaction = xid++
    send(payload, mac, transaction, server)
    return replyFrom(server, transaction)
  }

  const fileIn = (reply: Reply): string => textOf(reply.option(67)) ?? reply.file
  /** Without the address of who says it. */
  const neutral = (reply: Reply, server: string): unknown => {
    const { type, ciaddr, yiaddr, siaddr, sname, instances, to, toPort } = reply
    const values = instances.map(({ code, value }) => [code, code === 54 || code === 66 ? '' : value])
    return [
      type,
      ciaddr,
      yiaddr,
      siaddr === server,
      sname === server,
      fileIn(reply).replace(server, ''),
      values,
      to,
      toPort,
    ]
  }

  test('either offers the same, and either says the same on port 4011', async () => {
    const { mac } = OTHERS[0]!
    const [first, second] = await both(vector('v01-ovmf-x64-pxe-discover', { mac }), mac)
    assert.deepEqual(neutral(first!, FIRST), neutral(second!, SECOND))
    const asks = vector('v03-ovmf-x64-binl-request', { mac })
    assert.deepEqual(neutral(await alone(FIRST, asks, mac), FIRST), neutral(await alone(SECOND, asks, mac), SECOND))
  })

  test('the menu of one may be chosen from at the other, which has the first word to iPXE then', async () => {
    const { mac } = CHOOSER
    const menus = (await both(vector('v01-ovmf-x64-pxe-discover', { mac }), mac)).map(menuOf)
    assert.deepEqual(
      menus.map(({ servers }) => servers.get(0x8001)),
      REPLICAS.map((server) => [server]),
    )
    const chosen = vector('v03-ovmf-x64-binl-request', { mac }, ['390205c0', '390205c02b07470480010000ff'])
    assert.deepEqual([(await alone(SECOND, chosen, mac)).type], [ACK])

    const asks = vector('v05-ipxe-efi-discover', { mac })
    const transaction = xid++
    send(asks, mac, transaction)
    assert.match(fileIn(await replyFrom(SECOND, transaction)), /auto\.ipxe\?arch=7&item=2/)
    // The first has dealt with that message when it answers a later one.
    await both(vector('v01-ovmf-x64-pxe-discover', OTHERS[0]!), OTHERS[0]!.mac)
    assert.deepEqual(wire.takeArrived(answers(transaction)), [])

    const [first, second] = (await both(asks, mac, transaction)).map(fileIn)
    assert.match(first!, /auto\.ipxe\?arch=7&uuid/)
    assert.match(second!, /auto\.ipxe\?arch=7&item=2/)
  })

  test('both send an iPXE without HTTP to load another one once, and no further', async () => {
    const { mac } = OTHERS[1]!
    const card = (version: number) => vector('v04-ipxe-bios-discover', { mac }, [FEATURES, withoutHttp(version)])
    assert.deepEqual((await both(card(1), mac)).map(fileIn), ['undionly.kpxe', 'undionly.kpxe'])
    for (const file of (await both(card(2), mac)).map(fileIn))
      assert.match(file, /^http:\/\/10\.96\.0\.[12]:7080\/ipxe\/script\//)
  })
})
