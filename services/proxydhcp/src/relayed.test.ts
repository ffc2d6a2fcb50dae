import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { DhcpMessage } from '@reboots/protocol/dhcp'
import type { Endpoint, Instant } from '@reboots/protocol/net'
import { machine } from '@reboots/testkit'
import { handle } from './handle.ts'
import { onBootServer } from './on-boot-server.ts'
import type { Outcome } from './outcome.ts'
import type { Ports } from './ports.ts'
import { changed, ip, LINK, NOW, site, UEFI, vector } from './site.fixture.ts'

/* Rules and a record that go by what a relay agent says; port 4011 is asked without it. */
const POLICY = `
apiVersion: reboots/v1
kind: BootPolicy
profiles: { shell: { ipxe: { script: shell } } }
menus: { m: { timeoutSeconds: 5, entries: [{ title: Memory test, file: memtest.bin }] } }
rules:
  - { name: cage, when: network.circuitId == "63616765", then: { menu: m } }
  - { name: behind, when: network.giaddr == "10.9.0.1", then: { boot: shell } }
  - { name: matched, when: machine.known, then: { boot: shell } }
  - { name: near, when: network.subnet == "192.168.77.0/24", then: { deny: near } }
otherwise: ignore
`
const RECORD = machine({ id: 'm1', mac: '', match: { remoteId: '72' }, netboot: { ipxe: { binary: 'matched.efi' } } })
const FAR: Endpoint = { address: ip('10.9.0.87'), port: 4011 }
const RELAY: Endpoint = { address: ip('10.9.0.1'), port: 67 }

const ovmf = vector('v01-ovmf-x64-pxe-discover')
const binl: DhcpMessage = { ...vector('v03-ovmf-x64-binl-request'), chaddr: ovmf.chaddr }
const ipxe: DhcpMessage = { ...vector('v05-ipxe-efi-discover'), chaddr: ovmf.chaddr }
const by = (giaddr: string, option82?: string, message = ovmf): DhcpMessage => ({
  ...changed(message, { 82: option82 }),
  giaddr: ip(giaddr),
})
const CAGE = '010463616765'

const relayedSite = (): Ports => site({ policy: POLICY, machines: [RECORD] })
const told = (message: DhcpMessage, ports: Ports, now = NOW): string =>
  described(handle(message, { link: LINK, from: RELAY }, ports, now))
const asked = (message: DhcpMessage, ports: Ports, from = FAR, now = NOW): string =>
  described(onBootServer(message, { link: LINK, from }, ports, now))

describe('what the relay agent said holds on port 4011', () => {
  const rows: readonly (readonly [string, DhcpMessage, string])[] = [
    ['giaddr', by('10.9.0.1'), 'behind ipxe.efi'],
    ['its circuit-id', by('10.9.0.2', CAGE), 'cage memtest.bin'],
    ['a circuit-id that a switch wrote, without giaddr', by('0.0.0.0', CAGE), 'cage memtest.bin'],
    ['a remote-id, for a record', by('10.9.0.2', '020172'), 'matched matched.efi'],
    ['nothing of use', by('10.9.0.2', '020173'), 'ignored-by-policy'],
  ]
  for (const [what, message, expected] of rows) {
    test(what, () => {
      const ports = relayedSite()
      told(message, ports)
      assert.equal(asked(binl, ports), expected)
    })
  }

  test('the reply goes to the client all the same, and says nothing of the agent', () => {
    const ports = relayedSite()
    told(by('10.9.0.1', '020173'), ports)
    const outcome = onBootServer(binl, { link: LINK, from: FAR }, ports, NOW)
    assert.ok('reply' in outcome)
    assert.deepEqual([outcome.to, outcome.reply.giaddr], [{ kind: 'unicast', to: FAR }, 0])
    assert.equal(outcome.reply.options.has(82), false)
  })

  test('an entry of the menu that was offered is found again', () => {
    const ports = relayedSite()
    told(by('10.9.0.1', CAGE), ports)
    assert.equal(asked(changed(binl, { 43: '470480000000ff' }), ports), 'cage memtest.bin')
  })
})

describe('for whom and how long', () => {
  const later = (seconds: number): Instant => (NOW + seconds * 1000) as Instant

  test('the last way counts, and one without an agent is one', () => {
    const ports = relayedSite()
    told(by('10.9.0.1'), ports)
    told(by('10.9.0.1', CAGE), ports)
    assert.equal(asked(binl, ports), 'cage memtest.bin')
    told(ovmf, ports)
    assert.equal(asked(binl, ports, UEFI), 'near /netboot-not-allowed')
  })

  test('as long as a menu may stand there, and for that client only', () => {
    const ports = relayedSite()
    told(by('10.9.0.1'), ports)
    assert.equal(asked(binl, ports, FAR, later(3599)), 'behind ipxe.efi')
    assert.equal(asked(binl, ports, FAR, later(3600)), 'ignored-by-policy')
    assert.equal(asked({ ...binl, chaddr: Uint8Array.of(2, 0, 0, 0, 0, 9) }, ports), 'ignored-by-policy')
  })

  test('who comes from behind a router unannounced is in a network that nobody knows', () => {
    assert.equal(asked(binl, relayedSite()), 'ignored-by-policy')
  })
})

test('the script is asked for with what the relay agent said', () => {
  const file = told(by('10.9.0.1', `${CAGE}020172`, ipxe), relayedSite())
  assert.match(file, /^cage .*\/auto\.ipxe\?arch=7&machine=m1&giaddr=10\.9\.0\.1&circuitId=63616765&remoteId=72&uuid=/)
})

function described(outcome: Outcome): string {
  if ('silent' in outcome) return outcome.silent
  const { options, file } = outcome.reply
  return `${outcome.verdict?.rule} ${file === '' ? String.fromCharCode(...(options.get(67) ?? [])) : file}`
}
