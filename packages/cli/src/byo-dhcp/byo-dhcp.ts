import { didYouMean, OperatorError } from '@reboots/runtime'
import { readOptions, type Command } from '../command.ts'
import { dnsmasq } from './dnsmasq.ts'
import { isc } from './isc.ts'
import { kea } from './kea.ts'
import { mikrotik } from './mikrotik.ts'
import { bootModel, type BootModel } from './model.ts'
import { opnsense } from './opnsense.ts'
import { bootPlace } from './place.ts'
import { unifi } from './unifi.ts'
import { windows } from './windows.ts'

/** One model, printed seven ways. */
export const TARGETS: Readonly<Record<string, (model: BootModel) => string>> = {
  dnsmasq,
  kea,
  isc,
  windows,
  mikrotik,
  unifi,
  opnsense,
}

const OPTIONS = {
  for: { type: 'string' },
  config: { type: 'string' },
  tftp: { type: 'string' },
  http: { type: 'string' },
  subnet: { type: 'string' },
} as const

export const byoDhcp: Command = {
  name: 'byo-dhcp',
  summary: 'network boot by the DHCP server you have: its configuration',
  usage: `reboots byo-dhcp --for ${Object.keys(TARGETS).join('|')} [options]

  --for SERVER       the DHCP server that is there
  --config FILE      the configuration of Reboots; without it REBOOTS_CONFIG, else the environment alone
  --tftp ADDRESS     where machines find tftp; without it boot.tftpHost, else this host's address on its link
  --http HOST:PORT   where machines find ipxe-http; without it boot.httpHost and boot.httpPort, else the same address
  --subnet NETWORK   the network of the machines, 192.0.2.0/24: for dnsmasq, kea and isc the text is then a whole configuration

For networks in which proxydhcp cannot run. Prints which boot file each kind of firmware gets (boot.binaries), and the script that iPXE gets
then. Nothing is started or changed; tftp and ipxe-http have to run.`,
  async run(args) {
    const { for: target, ...where } = readOptions('byo-dhcp', args, OPTIONS)
    const print = printerFor(target)
    process.stdout.write(print(bootModel(bootPlace(where))))
    return 0
  },
}

function printerFor(target: string | undefined): (model: BootModel) => string {
  const remedy = `The DHCP servers known here: ${Object.keys(TARGETS).join(', ')}.`
  if (target === undefined) throw new OperatorError('for which DHCP server? Say --for', remedy)
  if (Object.hasOwn(TARGETS, target)) return TARGETS[target]!
  throw new OperatorError(
    `--for: "${target}" is not a DHCP server known here${didYouMean(target, Object.keys(TARGETS))}`,
    remedy,
  )
}
