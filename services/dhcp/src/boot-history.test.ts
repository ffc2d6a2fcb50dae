import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NO_HISTORY, withBoot, withBooted, type BootHistory } from '@reboots/rules'
import { machine } from '@reboots/testkit'
import { ADDRESS, MAC, message, pxe, Site } from './site.fixture.ts'

const POLICY = `
apiVersion: reboots/v1
kind: BootPolicy
profiles: { install: { chain: 'http://192.0.2.1/x' } }
guard: { boots: 2, within: 1h, then: { deny: too often } }
rules: [{ name: new, when: machine.known, once: true, then: { boot: install } }]
otherwise: local-disk
`
const NOW = new Site().now
const booted = (seconds: readonly number[]): BootHistory =>
  seconds.reduce((history, ago) => {
    const at = (NOW - ago * 1000) as typeof NOW
    return withBoot(history, { at, profile: 'install', rule: 'new' })
  }, NO_HISTORY)
const REFUSED = '/netboot-not-allowed'

test('firmware is sent to its disk when the policy says so of its past, which is that of its record', () => {
  const rows: readonly (readonly [Record<string, BootHistory>, string, string])[] = [
    [{}, 'ipxe.efi', 'new'],
    [{ 'record:node-1': booted([60]) }, 'ipxe.efi', 'new'],
    [{ 'record:node-1': withBooted(booted([60]), NOW) }, REFUSED, 'otherwise'],
    [{ 'record:node-1': booted([60, 120]) }, REFUSED, 'guard'],
    [{ 'record:node-1': booted([60, 7200]) }, 'ipxe.efi', 'new'],
    [{ [MAC]: booted([60, 120]) }, 'ipxe.efi', 'new'],
  ]
  for (const [history, file, rule] of rows) {
    const machines = [machine({ id: 'node-1', mac: MAC, address: ADDRESS })]
    const answer = new Site({ machines, policy: POLICY, history }).answer(message('discover', { options: pxe(7) }))
    assert.deepEqual([answer.reply.file, answer.verdict?.rule], [file, rule], JSON.stringify(history))
  }
})

test('a file that firmware loads by itself is a boot when its ACK leaves, once however often it asks', () => {
  const policy = POLICY.replace(/profiles:.*$/m, 'profiles: { install: { nbp: memtest.efi } }')
  const machines = [machine({ id: 'node-1', mac: MAC, address: ADDRESS })]
  const site = new Site({ machines, policy })
  const counted = () => site.ports.history.of('record:node-1')?.boots.length ?? 0
  const ask = (type: 'discover' | 'request') => {
    const selecting = type === 'request' ? { requested: ADDRESS, server: '192.168.1.1' } : {}
    const { reply, verdict } = site.answer(message(type, { options: pxe(7), ...selecting }))
    return [reply.file, verdict?.rule, counted()]
  }
  const rows = [
    ['discover', 0, ['memtest.efi', 'new', 0]],
    ['request', 1, ['memtest.efi', 'new', 1]],
    ['request', 4, ['memtest.efi', 'new', 1]],
    ['request', 60, ['memtest.efi', 'new', 2]],
    ['discover', 60, [REFUSED, 'guard', 2]],
    ['request', 61, [REFUSED, 'guard', 2]],
  ] as const
  for (const [type, seconds, expected] of rows) {
    site.now = (NOW + seconds * 1000) as typeof NOW
    assert.deepEqual(ask(type), expected, `${type} at ${seconds}`)
  }
})
