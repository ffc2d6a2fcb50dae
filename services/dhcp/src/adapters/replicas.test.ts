import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { createLog, createMetrics } from '@reboots/runtime'
import { fakeHardware, fakeRules, machine } from '@reboots/testkit'
import { Site } from '../site.fixture.ts'
import { openControlPlane } from './replicas.ts'

const policy = (name: string, ...classes: readonly string[]): string => {
  const rules = classes.map((name, i) => `{ name: r${i}, when: 'true', also: { class: ${name} } }`)
  return `apiVersion: reboots/v1\nkind: BootPolicy\nmetadata: { name: ${name} }\nrules: [${rules.join()}]\notherwise: ignore\n`
}

const UUID = '4c4c4544-0042-3010-8057-b4c04f4a3132'

test('classes that nobody configured are warned of once for each version; conditions of records are compiled', async (t) => {
  const hardware = await fakeHardware([
    machine({ id: 'when', mac: '', match: { when: 'client.arch == 7' } }),
    machine({ id: 'bad', mac: '', match: { when: 'client.arhc == 7', uuid: UUID } }),
  ])
  const rules = await fakeRules(policy('one', 'installers', 'instalers', 'x'))
  const log = createLog('test', { level: 'silent', format: 'json' })
  const warned = mock.method(log, 'warn', () => undefined)
  const dhcp = { classes: { installers: {}, guests: {} } }
  const replicas = openControlPlane({
    control: { hardware: hardware.address, rules: rules.address },
    settings: () => new Site({ dhcp }).ports.settings,
    changed: () => undefined,
    log,
    metrics: createMetrics('test'),
  })
  t.after(async () => {
    replicas.close()
    await Promise.all([hardware.stop(), rules.stop()])
  })
  await Promise.all([replicas.policy.whenSynced, replicas.machines.whenSynced])
  const said = warned.mock.calls.map(({ arguments: words }) => String((words as unknown[])[1]))
  assert.deepEqual(said, [
    'the policy gives a class that is not in dhcp.classes, did you mean "installers"?',
    'the policy gives a class that is not in dhcp.classes; there is installers, guests',
  ])
  assert.deepEqual([replicas.machines.size, replicas.machines.matching], [1, true])
})
