import assert from 'node:assert/strict'
import { bind, discover } from './src/client.ts'
import { conformance } from './src/conformance.ts'
import { BY_RELAY } from './src/lab.ts'
import { DHCP_SITE, stranger } from './src/site.ts'
import { ip } from './src/wire/octets.ts'
import { OFFER } from './src/wire/request.ts'

const CLIENTS = 40
/** How long the hastiest client waits for its first OFFER. */
const CLIENT_PATIENCE_MS = 1000
const SQUATTER = '52:54:00:aa:00:99'

conformance('RFC 2131 §2.2: conflict probe', { ...DHCP_SITE, probe: true }, (row) => {
  row('S16.used', 'an address that a host without a lease uses is not offered, not even on request', async (lab) => {
    lab.own('192.168.77.150', SQUATTER)
    const offer = await lab.ask(discover(stranger(101), { options: [[50, ip('192.168.77.150')]] }))
    assert.equal(offer.type, OFFER)
    assert.notEqual(offer.yiaddr, '192.168.77.150')
  })

  row('S16.relayed', 'nor behind a relay agent', async (lab) => {
    lab.own('10.9.0.110', SQUATTER)
    const options = [[50, ip('10.9.0.110')]] as const
    const offer = await lab.ask(discover(stranger(102), { options, giaddr: '10.9.0.1' }), BY_RELAY)
    assert.equal(offer.type, OFFER)
    assert.notEqual(offer.yiaddr, '10.9.0.110')
  })

  row('S16.own', 'that the client itself answers for the address is no conflict', async (lab) => {
    lab.own('192.168.77.151', stranger(103).mac)
    const offer = await lab.ask(discover(stranger(103), { options: [[50, ip('192.168.77.151')]] }))
    assert.equal(offer.yiaddr, '192.168.77.151')
  })

  row('S16.known', 'a client that has an address is answered before a newcomer that asked first', async (lab) => {
    const known = await bind(lab, stranger(104))
    const newcomer = lab.send(discover(stranger(105)))
    const offer = await lab.ask(discover(stranger(104)))
    assert.equal(offer.yiaddr, known.yiaddr)
    assert.deepEqual(lab.arrived(newcomer, 'eth0'), [])
    assert.equal((await lab.reply(newcomer)).type, OFFER)
  })

  row('S16', 'forty clients at once have their OFFER within a second, probe or not', async (lab) => {
    const xids = Array.from({ length: CLIENTS }, (_, i) => lab.send(discover(stranger(i + 1))))
    const replies = await Promise.allSettled(xids.map((xid) => lab.reply(xid, 'eth0', CLIENT_PATIENCE_MS)))
    assert.equal(replies.filter(({ status }) => status === 'fulfilled').length, CLIENTS)
  })
})
