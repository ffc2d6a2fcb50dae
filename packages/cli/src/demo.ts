import type { Command } from './command.ts'
import { runThrough } from './run.ts'
import { ROOT } from './repository.ts'

export const demo: Command = {
  name: 'demo',
  summary: 'boots a virtual machine in a private network, and tells how it went',
  usage: `reboots demo [options]

Makes a network of its own (namespaces and a bridge, nothing of this machine's), starts Reboots and a stock DHCP server in it,
switches on a virtual machine, and prints its boot as a timeline. Without QEMU a model client boots instead. Needs root.

  --full    Reboots is the DHCP server; without it a stock DHCP server gives the addresses and proxydhcp runs beside it
  --model   boot a model client (its packets only) even if there is QEMU for a virtual machine`,
  run: (args) => runThrough(process.execPath, [`${ROOT}/test/boot/src/demo.ts`, ...args]),
}
