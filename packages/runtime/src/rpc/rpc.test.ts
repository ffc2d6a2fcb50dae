import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { status, type ServiceError, type UntypedServiceImplementation } from '@grpc/grpc-js'
import { rules } from '@reboots/api'
import { service as healthService } from 'grpc-health-check'
import { makeGenericClientConstructor, type Client } from '@grpc/grpc-js'
import { createLog } from '../log.ts'
import { OperatorError } from '../operator-error.ts'
import { connect } from './connect.ts'
import { serveRpc, type RpcServer } from './serve.ts'

const log = createLog('test', { level: 'silent', format: 'json' })

interface HealthClient extends Client {
  check(request: { service: string }, callback: (error: ServiceError | null, reply: { status: string }) => void): void
}
const HealthClient = makeGenericClientConstructor(healthService, 'Health') as unknown as new (
  ...parameters: ConstructorParameters<typeof Client>
) => HealthClient

const silentRules: UntypedServiceImplementation = { watch: () => {}, decide: () => {} }

async function serve(t: TestContext, listen = '127.0.0.1:0'): Promise<RpcServer> {
  const services = [[rules.RulesServiceService, silentRules] as const]
  const server = await serveRpc({ listen, services, log, graceMs: 10 })
  t.after(() => server.close())
  return server
}

function check(client: HealthClient): Promise<string> {
  return new Promise((resolve, reject) => {
    client.check({ service: '' }, (error, reply) => (error === null ? resolve(reply.status) : reject(error)))
  })
}

test('says whether it serves, as grpc.health.v1 has it', async (t) => {
  const server = await serve(t)
  const client = connect(HealthClient, server.address)
  t.after(() => client.close())
  assert.equal(await check(client), 'SERVING')
  server.setServing(false)
  assert.equal(await check(client), 'NOT_SERVING')
})

test('closing does not wait for streams that never end by themselves', async (t) => {
  const server = await serve(t)
  const client = connect(rules.RulesServiceClient, server.address)
  t.after(() => client.close())
  const stream = client.watch({})
  const health = connect(HealthClient, server.address)
  t.after(() => health.close())
  assert.equal(await check(health), 'SERVING')
  await Promise.all([
    server.close(),
    once(stream, 'error').then(([error]) => assert.notEqual((error as ServiceError).code, status.OK)),
  ])
})

const unusable: readonly { name: string; listen: (taken: string) => string; says: RegExp }[] = [
  {
    name: 'taken',
    listen: (taken) => taken,
    says: new RegExp(`for gRPC\\) is taken by node .*\\(pid ${process.pid}\\)$`),
  },
  { name: 'not ours', listen: () => '192.0.2.77:42113', says: /^192\.0\.2\.77 is not an address of this machine/ },
]
for (const { name, listen, says } of unusable) {
  test(`an address that is ${name} is an error for the operator`, async (t) => {
    const { address } = await serve(t)
    await assert.rejects(serve(t, listen(address)), (error) => {
      assert.ok(error instanceof OperatorError, String(error))
      assert.match(error.message, says)
      return true
    })
  })
}
