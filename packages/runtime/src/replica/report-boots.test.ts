import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { test } from 'node:test'
import { status } from '@grpc/grpc-js'
import { history } from '@reboots/api'
import { createLog } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { serveRpc } from '../rpc/serve.ts'
import { reportBoots, type BootEvent, type Untold } from './report-boots.ts'

const log = createLog('test', { level: 'silent', format: 'json' })
const nothing = () => assert.fail('not asked for')
const boot = (subject: string): BootEvent => ({ subject, boot: { at: 1000, profile: 'p', rule: 'r' } })

/** Boots that are to be told. */
class Boots implements Untold<BootEvent> {
  untold: BootEvent[] = []
  readonly dropped = 0
  readonly tellings = new EventEmitter()
  onAdd = (): void => {}
  add(...events: BootEvent[]): void {
    this.untold.push(...events)
    this.onAdd()
  }
  tell(events: readonly BootEvent[]): void {
    this.untold = this.untold.filter((event) => !events.includes(event))
    this.tellings.emit('told')
  }
}

test('what is seen is told together, again until it is kept, and the last of it when the service ends', async (context) => {
  const heard: string[][] = []
  let full = true
  const service: history.HistoryServiceServer = {
    report({ request }, callback) {
      heard.push(request.events.map(({ subject, what }) => `${subject} ${what?.$case}`))
      callback(full ? { code: status.UNAVAILABLE, details: 'disk full' } : null, {})
      full = false
    },
    watch: nothing,
    get: nothing,
    booted: nothing,
    reopen: nothing,
  }
  const services = [[history.HistoryServiceService, service]] as const
  const rpc = await serveRpc({ listen: '127.0.0.1:0', services, log, graceMs: 1 })
  context.after(() => rpc.close())
  const boots = new Boots()
  const metrics = createMetrics('test')
  const reporting = reportBoots(rpc.address, boots, log, metrics)
  const told = once(boots.tellings, 'told')
  boots.add(boot('a'))
  boots.add(boot('b'), { subject: 'a', booted: 2000 })
  assert.match(await metrics.text(), /reboots_boots_untold 3\n/)
  await told
  const both = ['a boot', 'b boot', 'a booted']
  assert.deepEqual(heard, [both, both])
  assert.deepEqual(boots.untold, [])
  boots.add(boot('c'))
  await reporting.close()
  assert.deepEqual(heard.at(-1), ['c boot'])
})
