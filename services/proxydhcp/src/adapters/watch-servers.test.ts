import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeMessage, withOptions } from '@reboots/protocol/dhcp'
import { parseMac } from '@reboots/protocol/net'
import { createLog, createMetrics, type EarOptions, type Overheard, type UdpLink } from '@reboots/runtime'
import { OtherServers } from '../others/other-servers.ts'
import { ip, LINK, vector } from '../site.fixture.ts'
import { ServerWatch } from './watch-servers.ts'

const link = { ...LINK, index: 1, hardwareAddress: '02:00:00:00:00:01' } as UdpLink
const offer: Overheard = {
  bytes: encodeMessage(
    withOptions(
      { ...vector('v01-ovmf-x64-pxe-discover'), op: 'bootreply', yiaddr: ip('192.0.2.7'), options: new Map() },
      new Map([[53, Uint8Array.of(2)]]),
    ),
  ),
  from: { address: ip('192.0.2.1'), port: 67 },
  to: { address: ip('255.255.255.255'), port: 68 },
  sender: parseMac('02:00:00:00:00:02')!,
}

/** Ears that hear one OFFER each time, and say when they are opened and closed. */
function earsOf(story: string[]) {
  return ({ link, port, here }: EarOptions) => {
    story.push(`${link}:${port}${here ? ' and here' : ''}`)
    return {
      listen: (_most: number, heard: (datagram: Overheard) => void) => heard(offer),
      close: () => void story.push(`${link} closed`),
    }
  }
}

async function watching(ears: (options: EarOptions) => ReturnType<ReturnType<typeof earsOf>>) {
  const servers = new OtherServers({ own: () => new Set(), known: [] })
  const metrics = createMetrics('proxydhcp')
  const log = createLog('proxydhcp', { level: 'silent', format: 'json' })
  return { metrics, watch: await ServerWatch.begin({ servers, here: true, log, metrics, ears }, [link]) }
}

test('links are listened on once a second, and come and go', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const story: string[] = []
  const { watch, metrics } = await watching(earsOf(story))
  t.mock.timers.tick(1000)
  assert.deepEqual(
    watch.document().servers.map(({ link, server }) => [link, server]),
    [['lan0', '192.0.2.1']],
  )
  assert.match(await metrics.text(), /reboots_proxydhcp_other_servers\{link="lan0",finding="none"\} 1/)
  watch.serve([{ ...link, name: 'lan1' }])
  assert.deepEqual(watch.document(), { links: ['lan1'], problems: {}, servers: [] })
  watch.close()
  const each = (name: string) => [`${name}:68 and here`, `${name}:67`, `${name} closed`, `${name} closed`]
  assert.deepEqual(story, [...each('lan0'), ...each('lan1')])
})

test('where it is not allowed to listen the service runs, and says why', async () => {
  const { watch } = await watching(() => {
    throw Object.assign(new Error('socket: EPERM'), { code: 'EPERM' })
  })
  assert.deepEqual(watch.document(), { links: [], problems: { lan0: 'CAP_NET_RAW is missing' }, servers: [] })
  watch.close()
})
