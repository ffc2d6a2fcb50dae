import assert from 'node:assert/strict'
import { test } from 'node:test'
import { identifyClient } from '@reboots/protocol/pxe'
import { NO_HISTORY, SeenBoots, withBoot, withBooted } from '@reboots/rules'
import { decideFor, targetOf, type Decided } from './find-target.ts'
import { onBootServer } from './on-boot-server.ts'
import { LINK, NOBODY, NOW, siteOf, UEFI, vector } from './site.fixture.ts'

const POLICY = `
apiVersion: reboots/v1
kind: BootPolicy
profiles: { install: { chain: 'http://192.0.2.1/x' } }
rules: [{ name: new, when: machine.known, once: true, then: { boot: install } }]
otherwise: local-disk
`
const sent = withBoot(NO_HISTORY, { at: NOW, profile: 'install', rule: 'new' })

test('a machine that has said that it runs is sent to its disk', () => {
  const message = vector('v01-ovmf-x64-pxe-discover')
  const rows = [
    [sent, 'ipxe.efi', 'new'],
    [withBooted(sent, NOW), '/netboot-not-allowed', 'otherwise'],
  ] as const
  for (const [history, file, rule] of rows) {
    const known = siteOf(message, true, { policy: POLICY })
    const ports = {
      ...known,
      history: new SeenBoots({ of: (subject) => (subject.startsWith('record:') ? history : undefined) }, () => NOW),
    }
    const decided = decideFor(message, identifyClient(message)!, { link: LINK, from: NOBODY }, ports, NOW) as Decided
    const target = targetOf(decided)
    assert.deepEqual([(target as { file: string }).file, decided.verdict.rule], [file, rule])
  }
})

test('a file that firmware loads by itself is a boot when port 4011 has named it', () => {
  const policy = POLICY.replace(/profiles:.*$/m, 'profiles: { install: { nbp: memtest.efi } }')
  const request = vector('v03-ovmf-x64-binl-request')
  const ports = siteOf(request, true, { policy })
  const heard = ports.history
  const seen: unknown[] = []
  const listening = {
    ...ports,
    history: { of: (subject: string) => heard.of(subject), addOnce: (sent: unknown) => void seen.push(sent) },
  }
  const outcome = onBootServer(request, { link: LINK, from: UEFI }, listening, NOW)
  assert.equal('reply' in outcome && outcome.reply.file, 'memtest.efi')
  assert.deepEqual(
    seen.map((sent) => (sent as { boot: unknown }).boot),
    [{ at: NOW, profile: 'install', rule: 'new' }],
  )
})
