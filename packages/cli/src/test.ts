import { missing } from '@reboots/testkit'
import { runChecks } from './check.ts'
import { readOptions, type Command } from './command.ts'
import { runThrough } from './run.ts'
import { ROOT } from './repository.ts'

const SUITES = [
  'test/performance/**/*.test.ts',
  'test/fuzz/**/*.test.ts',
  'test/conformance/**/*.test.ts',
  'test/chaos/**/*.test.ts',
  'test/boot/**/*.test.ts',
]

/** The longest file takes a third of that: whatever takes longer hangs, and has to be a failure instead of an end of all others. */
const HANGING_MS = 900_000

/** What the suites use of a machine; each test asks for its own part of it. */
const NEEDS = {
  root: true,
  commands: [
    'ip',
    'tcpdump',
    'setpriv',
    'qemu-system-x86_64',
    'qemu-system-aarch64',
    'dnsmasq',
    'kea-dhcp4',
    'dhcpd',
    'udhcpc',
    'dhclient',
    'dhcpcd',
    'dhcrelay',
    'busybox',
    'tshark',
    'curl',
    'atftp',
    'tftp',
    'redis-server',
    'faketime',
  ],
  files: ['/usr/share/OVMF', '/usr/share/AAVMF', '/usr/lib/ipxe', '/usr/lib/ipxe/qemu'],
}

export const test: Command = {
  name: 'test',
  summary: 'check, then fuzz, conformance, chaos and real firmware in QEMU',
  usage: `reboots test

Runs check, with a process for each file of tests, then the suites of test/fuzz, test/conformance, test/chaos and test/boot, one after another, in network namespaces of their own. They need root and
the packages of test/boot/packages.txt. What is missing is said before they start; tests that need it are left out by name, and with
CI=true in the environment nothing may be left out.`,
  async run(options) {
    readOptions('test', options, {})
    const checked = await runChecks({ alone: true })
    const problems = missing(NEEDS)
    if (problems.length > 0)
      console.log(`\nSome of the following tests are left out here:\n${problems.map((one) => `  ${one}`).join('\n')}`)
    console.log('\nSystem suites')
    const args = ['--test', '--test-concurrency=1', `--test-timeout=${HANGING_MS}`, ...SUITES]
    const code = await runThrough(process.execPath, args, { cwd: ROOT })
    if (problems.length > 0)
      console.log(`\nNot everything was tested here:\n${problems.map((one) => `  ${one}`).join('\n')}`)
    return checked && code === 0 ? 0 : 1
  },
}
