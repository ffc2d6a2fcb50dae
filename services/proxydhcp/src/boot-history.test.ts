import assert from 'node:assert/strict'
import { test } from 'node:test'
import { identifyClient } from '@reboots/protocol/pxe'
import { NO_HISTORY, withBoot, withBooted } from '@reboots/rules'
import { decideFor, targetOf, type Decided } from './find-target.ts'
import { LINK, NOBODY, NOW, siteOf, vector } from './site.fixture.ts'

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
      history: { of: (subject: string) => (subject.startsWith('record:') ? history : undefined) },
    }
    const decided = decideFor(message, identifyClient(message)!, { link: LINK, from: NOBODY }, ports, NOW) as Decided
    const target = targetOf(decided)
    assert.deepEqual([(target as { file: string }).file, decided.verdict.rule], [file, rule])
  }
})
