import { chooseLinks, ConfigError, loadConfig, sections, type LinkChoice, type UdpLink } from '@reboots/runtime'
import { z } from 'zod'
import type { Command } from '../command.ts'
import { startService } from './child.ts'
import { machineFiles, serviceEnvironment } from './environment.ts'
import { upOptions } from './options.ts'
import { FACING_MACHINES, type ServiceName } from './services.ts'
import { introduction } from './show.ts'
import { stopRequested } from './stop.ts'
import { supervise } from './supervise.ts'

export const up: Command = {
  name: 'up',
  summary: 'runs the stack: every service a process of its own',
  usage: `reboots up [options]

  --mode proxy         beside another DHCP server, which gives the addresses (the default)
  --mode full          Reboots is the DHCP server
  --interface NAME     the network interface that machines boot from; may be given several times (default: that of the default route)
  --no-bind            another DHCP server has port 67 on this very host: proxydhcp captures what is sent to it
  --config FILE        settings of all services, YAML; see: reboots config
  --hardware FILE      the machines: a file or a directory (default: hardware.yaml here, else an example whose machines exist nowhere)
  --only SERVICES      these services and no others: hardware, rules-engine, dhcp, proxydhcp, tftp, ipxe-http
  --without SERVICES   all of the mode but these
  --no-color

Only machines in the records are answered. A service that ends is started again and disturbs no other. Ctrl-C stops all.
It needs the ports 67, 69 and 4011 of UDP, so root or the capabilities that it names if they are missing.`,
  async run(args) {
    const options = upOptions(args)
    const env = serviceEnvironment(options, process.env)
    const links = linksOf(options.services, env)
    const machines = machineFiles(options, process.env)
    const { mode, services, color } = options
    const stop = stopRequested()
    return supervise(
      {
        services,
        start: (service, events) => startService(service, env, events),
        introduce: (announcements) => introduction({ mode, services, links, machines }, announcements),
        print: (text) => void process.stdout.write(`${text}\n`),
        printError: (text) => void process.stderr.write(`${text}\n`),
        color,
      },
      stop,
    )
  },
}

/** Asked for here too, so that a missing interface is said once and not by every service. */
function linksOf(services: readonly ServiceName[], env: NodeJS.ProcessEnv): readonly UdpLink[] {
  if (!services.some((name) => FACING_MACHINES.includes(name))) return []
  const links = linksSection(env)
  return links === undefined ? [] : chooseLinks(links).links
}

/** Undefined if the configuration has errors: every service says those of its own sections, and they are shown together. */
function linksSection(env: NodeJS.ProcessEnv): LinkChoice | undefined {
  try {
    return loadConfig(z.object({ links: sections.links }), { env }).config.links
  } catch (error) {
    if (error instanceof ConfigError) return undefined
    throw error
  }
}
