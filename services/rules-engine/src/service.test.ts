import assert from 'node:assert/strict'
import { on, once, EventEmitter } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { status, type Metadata } from '@grpc/grpc-js'
import { rules } from '@reboots/api'
import type { Instant } from '@reboots/protocol/net'
import { compileMatch, DEFAULT_POLICY, type Sighting } from '@reboots/rules'
import { connect, createLog, createMetrics, openMachineReplica, serveRpc } from '@reboots/runtime'
import { fakeHardware, machine } from '@reboots/testkit'
import { knownMachine } from './adapters/machines.ts'
import { policyFile } from './adapters/policy-file.ts'
import { rulesService } from './handle.ts'
import type { KnownMachine, Machines } from './ports.ts'
import { openPolicies } from './open-policies.ts'
import { versionOf } from './publisher.ts'
import { keepPublished } from './reload.ts'
import { memoryStore } from './stores/memory-store.ts'
import { Shadow } from './shadow.ts'
import { TRUST_ALL } from './trust.ts'

const NOW = 1_769_848_200_000 as Instant
const MAC = '52:54:00:00:00:01'
const NO_MACHINES: Machines = {
  byMac: () => undefined,
  byId: () => [],
  values: () => [],
  matching: false,
  byTraits: () => undefined,
  problem: 'no machines yet from nowhere: not reached yet',
}
const log = createLog('test', { level: 'silent', format: 'json' })

const policyThat = (otherwise: string): string =>
  `apiVersion: reboots/v1\nkind: BootPolicy\nrules: []\notherwise: ${otherwise}\n`

interface Harness {
  readonly client: rules.RulesServiceClient
  readonly metrics: ReturnType<typeof createMetrics>
  /** Replaces the policy file. */
  write(text: string): void
}

/** The service as main.ts wires it, on a free port, over a policy file. */
async function serve(context: TestContext, document: string, machines = NO_MACHINES): Promise<Harness> {
  const directory = mkdtempSync(path.join(tmpdir(), 'reboots-rules-'))
  const file = path.join(directory, 'policy.yaml')
  writeFileSync(file, document)
  const source = policyFile(file)
  const metrics = createMetrics('test')
  const store = memoryStore(10)
  const surroundings = { source, store, trust: TRUST_ALL, now: () => NOW, log }
  const publisher = await openPolicies(surroundings, () => {})
  const histories = { of: () => undefined }
  const { service, close } = rulesService({
    publisher,
    shadow: new Shadow(publisher, () => NOW),
    machines,
    histories,
    now: () => NOW,
    log,
    metrics,
  })
  const rpc = await serveRpc({ listen: '127.0.0.1:0', services: [[rules.RulesServiceService, service]], log })
  keepPublished(publisher, { source, store, log, metrics })
  const client = connect(rules.RulesServiceClient, rpc.address)
  context.after(async () => {
    client.close()
    source.close()
    close()
    await rpc.close()
    rmSync(directory, { recursive: true })
  })
  return { client, metrics, write: (text) => writeFileSync(file, text) }
}

function decide(client: rules.RulesServiceClient, request: Partial<rules.DecideRequest>) {
  return promisify<rules.DecideRequest, rules.DecideResponse>(client.decide.bind(client))(
    rules.DecideRequest.fromPartial({ mac: MAC, arch: 7, ...request }),
  )
}

async function nextOf(responses: AsyncIterator<unknown[]>): Promise<rules.WatchResponse> {
  const { value } = (await responses.next()) as { value: [rules.WatchResponse] }
  return value[0]
}

test('Watch gives the policy in force, then each new version; a bad one is never seen', async (context) => {
  const { client, metrics, write } = await serve(context, policyThat('ignore'))
  const stream = client.watch({})
  const responses = on(stream, 'data')
  context.after(() => stream.on('error', () => {}).cancel())
  const first = policyThat('ignore')
  assert.deepEqual(await nextOf(responses), {
    revision: 1n,
    version: versionOf(first),
    document: first,
    candidate: undefined,
  })

  const second = policyThat('local-disk')
  write(second)
  assert.deepEqual(await nextOf(responses), {
    revision: 2n,
    version: versionOf(second),
    document: second,
    candidate: undefined,
  })

  write(policyThat('{ boot: nothing }'))
  await refused(metrics)
  assert.equal((await decide(client, {})).version, versionOf(second))

  const third = policyThat('{ deny: later }')
  write(third)
  assert.deepEqual(await nextOf(responses), {
    revision: 3n,
    version: versionOf(third),
    document: third,
    candidate: undefined,
  })
})

/** Resolves when the policy file was refused: the counter says so. */
async function refused(metrics: Harness['metrics']): Promise<void> {
  while (!/reboots_rules_policy_refused 1\n/.test(await metrics.text())) await new Promise(setImmediate)
}

test('every watcher gets every version, a new one the latest', async (context) => {
  const { client, write } = await serve(context, policyThat('ignore'))
  const streams = [client.watch({}), client.watch({})]
  context.after(() => streams.forEach((stream) => stream.on('error', () => {}).cancel()))
  const watching = streams.map((stream) => on(stream, 'data'))
  await Promise.all(watching.map(nextOf))
  write(policyThat('local-disk'))
  const seen = await Promise.all(watching.map(nextOf))
  const late = client.watch({})
  context.after(() => late.on('error', () => {}).cancel())
  const [last] = (await once(late, 'data')) as [rules.WatchResponse]
  assert.deepEqual(
    [...seen, last].map(({ revision, document }) => [revision, document]),
    Array.from({ length: 3 }, () => [2n, policyThat('local-disk')]),
  )
})

test('Decide says what a machine gets, and why not something else', async (context) => {
  const hardware = await fakeHardware([
    machine({ id: 'known', mac: MAC, address: '192.0.2.10' }),
    machine({ id: 'denied', mac: '52:54:00:00:00:02', netboot: { allowPxe: false } }),
  ])
  const replica = openMachineReplica({
    address: hardware.address,
    prepare: knownMachine,
    log,
    metrics: createMetrics('test'),
  })
  context.after(async () => {
    replica.close()
    await hardware.stop()
  })
  await replica.whenSynced
  const { client } = await serve(context, DEFAULT_POLICY, replica)
  const version = versionOf(DEFAULT_POLICY)

  const boots = await decide(client, {})
  assert.deepEqual(
    { ...boots, trace: boots.trace.map(({ rule, why }) => `${rule}: ${why}`) },
    {
      outcome: 'boot',
      detail: 'hook',
      rule: 'known-machine',
      version,
      machineKnown: true,
      dhcpClass: '',
      trace: [
        'netboot-not-allowed: !machine.netboot.allowPxe is false (machine.netboot.allowPxe = true)',
        'script-url-in-record: machine.netboot.ipxe.url != "" is false (machine.netboot.ipxe.url = "")',
        'script-in-record: machine.netboot.ipxe.contents != "" is false (machine.netboot.ipxe.contents = "")',
        'known-machine: ',
      ],
    },
  )
  const denied = await decide(client, { mac: '52-54-00-00-00-02' })
  assert.deepEqual(
    [denied.outcome, denied.detail, denied.machineKnown],
    ['deny', 'netboot is not allowed in the hardware record', true],
  )
  const unknown = await decide(client, { mac: '52:54:00:00:00:03' })
  assert.deepEqual(
    [unknown.outcome, unknown.detail, unknown.rule, unknown.machineKnown],
    ['ignore', 'the machine has no hardware record', 'otherwise', false],
  )
})

test('Decide finds a machine as dhcp does: by MAC, by what its record names besides, or by id', async (context) => {
  const found = (id: string, match: NonNullable<Parameters<typeof machine>[0]['match']>) =>
    machine({ id, mac: '', match })
  const uuid = '4c4c4544-0042-3010-8057-b4c04f4a3132'
  const hardware = await fakeHardware([
    machine({ id: 'by-mac', mac: MAC }),
    found('by-client', { clientIds: ['006e31'] }),
    found('by-circuit', { circuitId: 'aa', remoteId: 'bb' }),
    found('by-uuid', { uuid }),
    found('by-condition', { when: 'client.arch == 11 && network.link == "eth7"' }),
  ])
  const compile = (when: string) => compileMatch(when).test
  const replica = openMachineReplica<KnownMachine, Sighting>({
    address: hardware.address,
    prepare: knownMachine,
    compile,
    log,
    metrics: createMetrics('test'),
  })
  context.after(async () => {
    replica.close()
    await hardware.stop()
  })
  await replica.whenSynced
  const document = policyThat('ignore').replace(
    'rules: []',
    `rules:\n${['mac', 'client', 'circuit', 'uuid', 'condition'].map((by) => `  - { name: by-${by}, when: machine.id == "by-${by}", then: local-disk }\n`).join('')}`,
  )
  const { client } = await serve(context, document, replica)
  const other = '52:54:00:00:00:99'
  const rows: readonly (readonly [Partial<rules.DecideRequest>, string])[] = [
    [{ uuid }, 'by-mac'],
    [{ mac: other, clientId: '006E31', uuid }, 'by-client'],
    [{ mac: other, circuitId: 'AA', remoteId: 'bb', uuid }, 'by-circuit'],
    [{ mac: other, circuitId: 'aa', uuid }, 'by-uuid'],
    [{ mac: other, arch: 11, link: 'eth7' }, 'by-condition'],
    [{ mac: other, machineId: 'by-uuid' }, 'by-uuid'],
    [{ mac: other, arch: 11 }, 'otherwise'],
    [{ machineId: 'gone' }, 'otherwise'],
  ]
  for (const [request, rule] of rows) assert.equal((await decide(client, request)).rule, rule, JSON.stringify(request))
})

test('Decide without hardware records: machines count as unknown, and the answer says why', async (context) => {
  const { client } = await serve(context, DEFAULT_POLICY)
  const events = new EventEmitter()
  const call = client.decide(rules.DecideRequest.fromPartial({ mac: MAC }), (_error, response) =>
    events.emit('answer', response),
  )
  const trailers = once(call, 'status') as Promise<[{ metadata: Metadata }]>
  const [{ detail, machineKnown }] = (await once(events, 'answer')) as [rules.DecideResponse]
  assert.deepEqual(
    [detail, machineKnown],
    ['the machine has no hardware record (no machines yet from nowhere: not reached yet)', false],
  )
  assert.deepEqual((await trailers)[0].metadata.get('reboots-note'), [NO_MACHINES.problem])
})

test('Decide: a menu by its name', async (context) => {
  const menus = 'menus: { lab: { timeoutSeconds: 5, entries: [{ title: Disk, boot: local-disk }] } }\n'
  const { client } = await serve(context, `${policyThat('{ menu: lab }')}${menus}`)
  const { outcome, detail } = await decide(client, {})
  assert.deepEqual([outcome, detail], ['menu', 'lab'])
})

test('Decide: what the request says becomes facts', async (context) => {
  const rows: readonly (readonly [Partial<rules.DecideRequest>, string])[] = [
    [{ arch: 7 }, 'client.arch == 7 && client.firmware == "uefi-x64" && client.transport == "tftp"'],
    [{ arch: 16 }, 'client.arch == 16 && client.transport == "http"'],
    [{ arch: 16, transport: 'PXEClient' }, 'client.transport == "tftp"'],
    [{ transport: 'HTTPClient' }, 'client.transport == "http"'],
    [{}, 'client.loader == "firmware"'],
    [{ loader: 'ipxe', userClass: ['iPXE'] }, 'client.loader == "ipxe" && "iPXE" in client.userClass'],
    [{ mac: '5254.0000.0001' }, `client.mac == "${MAC}" && client.oui == "52:54:00"`],
    [{ uuid: '0011-AA' }, 'client.uuid == "0011-aa"'],
    [{ vendorClass: 'x' }, 'client.vendorClass == "x"'],
    [{ link: 'eth0', giaddr: '192.0.2.1' }, 'network.link == "eth0" && network.giaddr == "192.0.2.1"'],
    [{ circuitId: '00FF', remoteId: 'ab' }, 'network.circuitId == "00ff" && network.remoteId == "ab"'],
    [{ relayFlags: ['unicast'] }, '"unicast" in network.relayFlags'],
    [{}, 'now == timestamp("2026-01-31T08:30:00Z")'],
  ]
  const list = rows.map(([, when], i) => `  - { name: r${i}, when: ${JSON.stringify(when)}, then: local-disk }\n`)
  for (const [index, [request]] of rows.entries()) {
    const document = policyThat('ignore').replace('rules: []\n', `rules:\n${list[index]}`)
    const { client } = await serve(context, document)
    assert.equal((await decide(client, request)).outcome, 'local-disk', list[index])
  }
  const also = policyThat('ignore').replace('rules: []', `rules: [{ name: a, when: 'true', also: { class: x } }]`)
  assert.equal((await decide((await serve(context, also)).client, {})).dhcpClass, 'x')
})

test('Decide refuses what it cannot read', async (context) => {
  const { client } = await serve(context, DEFAULT_POLICY)
  const rows: readonly (readonly [Partial<rules.DecideRequest>, RegExp])[] = [
    [{ mac: '' }, /mac: not a MAC address: ""/],
    [{ mac: 'x' }, /mac: not a MAC address: "x"/],
    [{ arch: 65_536 }, /arch: not an architecture type: 65536/],
    [{ transport: 'TFTP' }, /transport: PXEClient or HTTPClient/],
    [{ loader: 'grub' }, /loader: firmware or ipxe/],
    [{ giaddr: '::1' }, /giaddr: not an IPv4 address/],
    [{ circuitId: '0' }, /circuit_id: not hexadecimal/],
    [{ relayFlags: ['anycast'] }, /relay_flags: unicast or broadcast/],
    [{ clientId: '0' }, /client_id: not hexadecimal/],
    [{ remoteId: 'zz' }, /remote_id: not hexadecimal/],
  ]
  for (const [request, details] of rows) {
    await assert.rejects(decide(client, request), (error: { code: status; details: string }) => {
      assert.equal(error.code, status.INVALID_ARGUMENT)
      assert.match(error.details, details)
      return true
    })
  }
})
