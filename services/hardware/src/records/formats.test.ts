import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { hardware } from '@reboots/api'
import { machineOf } from './entry.ts'
import { formatProblem } from './problem.ts'
import { readText } from './read-file.ts'

const TESTDATA = new URL('../testdata/', import.meta.url)
const EXAMPLES = new URL('../../../../deploy/examples/', import.meta.url)

const read = (directory: URL, name: string): string => readFileSync(new URL(name, directory), 'utf8')

/** Each file with what it means beside it, in `<name>.expected.json`. */
const files = readdirSync(TESTDATA).filter((name) => !name.endsWith('.expected.json'))

for (const name of files) {
  test(`${name} means what is expected`, async () => {
    const { entries, problems, unreadable } = await readText(read(TESTDATA, name), name)
    const machines = entries.map(machineOf)
    const found = { machines, problems: problems.map((problem) => `${problem.severity} ${formatProblem(problem)}`) }
    assert.equal(unreadable, false)
    assert.deepEqual(JSON.parse(JSON.stringify(found)), JSON.parse(read(TESTDATA, `${name}.expected.json`)))
  })
}

test('the formats agree: the example machine is the same in each, but for what a format cannot say', async () => {
  const names = readdirSync(EXAMPLES).filter((name) => /^hardware[\w-]*\.(yaml|json)$/.test(name))
  const common = await Promise.all(
    names.map(async (name) => {
      const { entries, problems } = await readText(read(EXAMPLES, name), name)
      const [iface] = machineOf(entries[0]!).interfaces
      const { address, netmask, gateway, hostname, leaseSeconds, nameServers } = iface!.dhcp!
      const { arch } = machineOf(entries[0]!)
      return {
        problems,
        arch,
        mac: iface!.mac,
        address,
        netmask,
        gateway,
        hostname,
        leaseSeconds,
        nameServers,
        pxe: iface!.netboot!.allowPxe,
      }
    }),
  )
  const expected = {
    problems: [],
    arch: 'x86_64',
    mac: '00:00:5e:00:53:01',
    address: '192.0.2.10',
    netmask: '255.255.255.0',
    gateway: '192.0.2.1',
    hostname: 'example',
    leaseSeconds: 86_400,
    nameServers: ['192.0.2.1'],
    pxe: true,
  }
  assert.deepEqual(common, [expected, expected, expected, expected])
})

test('everything that is always present is always present', async () => {
  const text = '{"network": {"interfaces": [{"dhcp": {"mac": "00:00:5e:00:53:01"}}]}}'
  const { entries } = await readText(text, 'least.json')
  const [iface] = hardware.Machine.decode(entries[0]!.bytes).interfaces
  assert.deepEqual(
    [iface?.dhcp, iface?.netboot, iface?.netboot?.ipxe, iface?.netboot?.osie, iface?.netboot?.rpi].map(
      (part) => typeof part,
    ),
    Array.from({ length: 5 }, () => 'object'),
  )
})
