import { policies as policiesApi, rules } from '@reboots/api'
import { now, runService, serveRpc, startHealth } from '@reboots/runtime'
import { openMachines } from './adapters/machines.ts'
import { openPolicy } from './adapters/open-policy.ts'
import { shape } from './config.ts'
import { rulesService } from './handle.ts'
import { openHistory } from './history/open.ts'
import { Operations } from './operations.ts'
import { policyService } from './policy-service.ts'
import { keepPublished } from './reload.ts'
import { serveRest } from './rest/serve.ts'
import { Shadow } from './shadow.ts'

await runService({
  name: 'rules-engine',
  shape,
  async start({ config, directory, log, metrics, announce }) {
    const policy = await openPolicy(config, { directory, now, log })
    const publisher = policy.policies
    const machines = openMachines(config.control.hardware, log, metrics)
    const common = { machines, now, log, metrics }
    const history = openHistory(config.rules, directory, publisher, common)
    const shadow = new Shadow(publisher, now)
    const operations = new Operations(publisher, shadow, machines, history.histories, now)
    const { service, close } = rulesService({ publisher, shadow, histories: history.histories, ...common })
    const rpc = await serveRpc({
      listen: config.rules.listen,
      services: [
        [rules.RulesServiceService, service],
        [policiesApi.PolicyServiceService, policyService({ operations, log, metrics })],
        history.service,
      ],
      log,
    })
    const rest = await serveRest(config.rules.rest.listen, { operations, log, metrics })
    // A policy is in force from here on, come what may; records are only needed for Decide, which says when it has none.
    const health = await startHealth({ listen: config.rules.metrics.listen, metrics, ready: () => [] })
    keepPublished(publisher, { ...policy, log, metrics })
    const { current, origin } = publisher
    announce(
      [
        { what: 'gRPC', address: rpc.address },
        { what: 'REST', address: rest.address },
        { what: 'metrics', address: health.address },
      ],
      `boot policy ${current.version}: ${current.policy.rules.length} rules, ${current.policy.tests.length} tests passed; ${origin}`,
    )
    return {
      async close() {
        close()
        history.end()
        machines.close()
        await Promise.all([rpc.close(), rest.close(), health.close()])
        history.close()
        await policy.close()
      },
    }
  },
})
