import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { withOptions, type DhcpMessage } from '@reboots/protocol/dhcp'
import type { Instant } from '@reboots/protocol/net'
import { handle } from './handle.ts'
import { onBootServer } from './on-boot-server.ts'
import { changed, LINK, NOBODY, NOW, site, UEFI, vector } from './site.fixture.ts'
import type { Ports } from './ports.ts'

/* Replicas have records and policy in common, and nothing else: what one remembers, another does not know. */
const POLICY = `
apiVersion: reboots/v1
kind: BootPolicy
profiles: { shell: { ipxe: { script: shell } }, hook: { chain: 'http://192.0.2.1/hook.ipxe' } }
menus: { m: { timeoutSeconds: 5, entries: [{ title: Shell, boot: shell }, { title: Hook, boot: hook }] } }
rules: [{ name: chooses, when: client.oui == "52:54:00", then: { menu: m } }]
otherwise: { boot: shell }
`
const ovmf = vector('v01-ovmf-x64-pxe-discover')
const mac = ovmf.chaddr
const binl: DhcpMessage = { ...vector('v03-ovmf-x64-binl-request'), chaddr: mac }
const ipxe: DhcpMessage = { ...vector('v05-ipxe-efi-discover'), chaddr: mac }
const SECOND = changed(binl, { 43: '470480010000ff' })

const replicas = (count: number): Ports[] => Array.from({ length: count }, () => site({ policy: POLICY }))
const said = (message: DhcpMessage, ports: Ports, now = NOW): string => {
  const outcome = handle(message, { link: LINK, from: NOBODY }, ports, now)
  return 'silent' in outcome ? outcome.silent : outcome.reply.file
}

describe("the second question may be any replica's", () => {
  const other = (message: DhcpMessage): DhcpMessage => ({ ...message, chaddr: Uint8Array.of(2, 0, 0, 0, 0, 9) })
  const rows: readonly (readonly [string, DhcpMessage])[] = [
    ['UEFI', other(binl)],
    ['iPXE', other(changed(vector('v06-ipxe-efi-proxy-request'), {}))],
    ['UEFI with a menu that it does not show', binl],
    ['UEFI that chose from a menu', SECOND],
  ]
  for (const [who, message] of rows) {
    test(`${who}: one that has heard nothing yet says the same as one that made the offer`, () => {
      const [heard, fresh] = replicas(2)
      handle({ ...ovmf, chaddr: message.chaddr }, { link: LINK, from: NOBODY }, heard!, NOW)
      const answers = [heard!, fresh!].map((ports) => onBootServer(message, { link: LINK, from: UEFI }, ports, NOW))
      assert.ok(answers.every((outcome) => 'reply' in outcome))
      assert.deepEqual(answers[0], answers[1])
    })
  }
})

describe('what was chosen is known to the replica that was told', () => {
  test('it has the first word to iPXE; the others show the menu again when it is gone', () => {
    const [told, another] = replicas(2)
    for (const ports of [told!, another!]) said(ovmf, ports)
    onBootServer(SECOND, { link: LINK, from: UEFI }, told!, NOW)
    assert.match(said(ipxe, told!), /[?&]item=2/)
    assert.equal(said(ipxe, another!), 'left-to-replica')
    assert.match(said(ipxe, another!), /auto\.ipxe\?arch=7&uuid/)
  })

  test('one that has not shown the menu knows of none, and waits for nobody', () => {
    assert.match(said(ipxe, replicas(1)[0]!), /auto\.ipxe\?arch=7&uuid/)
  })
})

/* Cards whose iPXE has no HTTP, and that of the site neither: round and round it would go. */
const POOR = [1, 2, 3].map((version) =>
  withOptions(
    { ...vector('v04-ipxe-bios-discover'), chaddr: Uint8Array.of(2, 0, 0, 0, 0, 1) },
    new Map([[175, Uint8Array.of(0xeb, 3, 1, 0, version, 0x15, 1, 1)]]),
  ),
)

test('whichever replica each question reaches, an iPXE without HTTP is not sent round for ever', () => {
  const pick = fc.array(fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 2 })), { minLength: 60, maxLength: 60 })
  fc.assert(
    fc.property(pick, fc.integer({ min: 1, max: 3 }), (rounds, count) => {
      const all = replicas(count)
      const sent = rounds.filter(([replica, build], index) => {
        const message = { ...POOR[build]!, xid: index + 1 }
        return !said(message, all[replica % count]!, (NOW + index * 1000) as Instant).startsWith('http')
      })
      // Three times by each at most: within five minutes, and the rounds are a minute long.
      assert.ok(sent.length <= 3 * count, `${sent.length} times by ${count}`)
    }),
  )
})
