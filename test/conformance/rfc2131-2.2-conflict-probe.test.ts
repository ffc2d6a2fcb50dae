import assert from 'node:assert/strict'
import { discover } from './src/client.ts'
import { conformance } from './src/conformance.ts'
import { DHCP_SITE, stranger } from './src/site.ts'

const CLIENTS = 40
/** How long the hastiest client waits for its first OFFER. */
const CLIENT_PATIENCE_MS = 1000

conformance('RFC 2131 §2.2: conflict probe', { ...DHCP_SITE, probe: true }, (row) => {
  row('S16', 'forty clients at once have their OFFER within a second, probe or not', async (lab) => {
    const xids = Array.from({ length: CLIENTS }, (_, i) => lab.send(discover(stranger(i + 1))))
    const replies = await Promise.allSettled(xids.map((xid) => lab.reply(xid, 'eth0', CLIENT_PATIENCE_MS)))
    assert.equal(replies.filter(({ status }) => status === 'fulfilled').length, CLIENTS)
  })
})
