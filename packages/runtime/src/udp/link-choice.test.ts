import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OperatorError } from '../operator-error.ts'
import { chooseLinks, isChosen, linksNow } from './link-choice.ts'

const choices: readonly (readonly [name: string, interfaces: readonly string[], chosen: boolean])[] = [
  ['eth0', ['eth0'], true],
  ['eth0', ['eth1', 'eth0'], true],
  ['eth01', ['eth0'], false],
  ['eth0', [], false],
  ['br-lan', ['br-*'], true],
  ['br-', ['br-*'], true],
  ['xbr-lan', ['br-*'], false],
  ['vlan7.lab', ['vlan*.lab'], true],
  ['vlan7xlab', ['vlan*.lab'], false],
  ['a+b', ['a+*'], true],
]
for (const [name, interfaces, chosen] of choices) {
  test(`${name} is ${chosen ? '' : 'not '}one of ${interfaces.join(', ') || 'none'}`, () =>
    assert.equal(isChosen(name, interfaces), chosen))
}

test('loopback is there by its name, and never by a pattern', () => {
  assert.deepEqual(
    linksNow(['lo', 'lo', 'l*']).links.map(({ name, hardwareAddress }) => [name, hardwareAddress]),
    [['lo', '00:00:00:00:00:00']],
  )
  assert.deepEqual(linksNow(['l*o']), { links: [], missing: [] })
})

test('a name of which there is no interface is an error, unless it may be waited for or is known', () => {
  const interfaces = ['lo', 'none0', 'none*']
  const remedy = /links\.wait: true/
  assert.throws(
    () => chooseLinks({ interfaces, wait: false }),
    (error) => error instanceof OperatorError && error.message.includes('"none0"') && remedy.test(error.remedy),
  )
  const missing = [{ name: 'none0', why: 'there is none yet' }]
  assert.deepEqual(chooseLinks({ interfaces, wait: true }).missing, missing)
  assert.deepEqual(chooseLinks({ interfaces, wait: false }, ['none0']).missing, missing)
})
