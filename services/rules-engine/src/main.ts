import path from 'node:path'
import { rules } from '@reboots/api'
import { compileMatch, type Sighting } from '@reboots/rules'
import { now, openMachineReplica, runService, serveRpc, startHealth } from '@reboots/runtime'
import { defaultPolicy } from './adapters/default-policy.ts'
import { knownMachine } from './adapters/machines.ts'
import { policyFile } from './adapters/policy-file.ts'
import { shape } from './config.ts'
import { rulesService } from './handle.ts'
import type { KnownMachine } from './ports.ts'
import { publishFirst } from './publish-first.ts'
import { keepPublished } from './reload.ts'

await runService({
  name: 'rules-engine',
  shape,
  async start({ config, directory, log, metrics, announce }) {
    const file = config.rules.policy
    const source = file === '' ? defaultPolicy : policyFile(path.resolve(directory, file))
    const publisher = await publishFirst(source)
    const machines = openMachineReplica<KnownMachine, Sighting>({
      address: config.control.hardware,
      prepare: knownMachine,
      compile: (when) => compileMatch(when).test,
      log,
      metrics,
    })
    const { service, close } = rulesService({ publisher, machines, now, log, metrics })
    const rpc = await serveRpc({
      listen: config.rules.listen,
      services: [[rules.RulesServiceService, service]],
      log,
    })
    // A policy is in force from here on, come what may; records are only needed for Decide, which says when it has none.
    const health = await startHealth({ listen: config.rules.metrics.listen, metrics, ready: () => [] })
    keepPublished(source, publisher, log, metrics)
    const { version, policy } = publisher.current
    announce(
      [
        { what: 'gRPC', address: rpc.address },
        { what: 'metrics', address: health.address },
      ],
      `boot policy ${version} (${source.name}): ${policy.rules.length} rules, ${policy.tests.length} tests passed`,
    )
    return {
      async close() {
        source.close()
        close()
        machines.close()
        await rpc.close()
        await health.close()
      },
    }
  },
})
