import assert from 'node:assert/strict'
import { bind, discover } from './src/client.ts'
import { conformance } from './src/conformance.ts'
import { byUnicast } from './src/lab.ts'
import { DHCP_SITE, EXTRAS, isInPool, machineOn, stranger } from './src/site.ts'
import { ip } from './src/wire/octets.ts'
import { ACK, FORCE_RENEW, LEASE_QUERY, OFFER, type RequestOption } from './src/wire/request.ts'

/** Option 81 with nothing in it, too short, with a name that runs past its end, and with one that points at itself. */
const BROKEN_NAMES = ['', '01', '050000ff6162', '040000c003']

conformance('RFC 3203, 4039, 4388, 4702, 5071, 5859, 8925: extensions', DHCP_SITE, (row) => {
  row('X1', 'rapid commit is not enabled: an OFFER, without option 80', async (lab) => {
    const offer = await lab.ask(discover(machineOn('eth0', 20), { options: [[80, '']] }))
    assert.deepEqual([offer.type, offer.option(80)], [OFFER, undefined])
  })

  row('X2', 'option 108 is not sent to those who do not list it', async (lab) => {
    assert.equal((await lab.ask(discover(machineOn('eth0', 21)))).option(108), undefined)
  })

  row('X2.asked', 'and is to those who do', async (lab) => {
    const offer = await lab.ask(discover(machineOn('eth0', 21), { options: [[55, '01036c']] }))
    assert.equal(offer.option(108), EXTRAS[108])
  })

  row('X3', 'the lease query of a stranger is not answered', async (lab) => {
    const machine = machineOn('eth0', 22)
    await bind(lab, machine)
    const query = { type: LEASE_QUERY, chaddr: stranger(1).mac, ciaddr: machine.address }
    await lab.unanswered({ ...query, giaddr: '192.168.77.99' }, { from: '192.168.77.99', fromPort: 67 })
    await lab.unanswered(query, byUnicast('192.168.77.99'))
  })

  row('X4', 'a server does not listen to FORCERENEW', async (lab) => {
    const options: RequestOption[] = [[54, ip('192.168.77.250')]]
    const { mac: chaddr, address: ciaddr } = machineOn('eth0', 23)
    for (const op of [1, 2]) await lab.unanswered({ op, type: FORCE_RENEW, chaddr, ciaddr, options })
  })

  row('X5', 'option 150 is not sent to those who do not list it', async (lab) => {
    assert.equal((await lab.ask(discover(machineOn('eth0', 24)))).option(150), undefined)
  })

  row('X5.asked', 'and is to those who do', async (lab) => {
    const offer = await lab.ask(discover(machineOn('eth0', 24), { options: [[55, '010396']] }))
    assert.equal(offer.option(150), EXTRAS[150])
  })

  row('X6', 'a host name that cannot be read costs nothing and does not come back', async (lab) => {
    for (const name of BROKEN_NAMES) {
      const offer = await lab.ask(discover(machineOn('eth0', 25), { options: [[81, name]] }))
      assert.equal(offer.type, OFFER, name)
      assert.notEqual(offer.option(81), name)
    }
  })

  row('X7', 'options of PXELINUX are not sent to those who do not list them', async (lab) => {
    const offer = await lab.ask(discover(machineOn('eth0', 26)))
    assert.deepEqual([208, 209, 210, 211].map(offer.option), [undefined, undefined, undefined, undefined])
  })

  row('X7.asked', 'and are to those who do', async (lab) => {
    const offer = await lab.ask(discover(machineOn('eth0', 26), { options: [[55, '0103d1d2']] }))
    assert.deepEqual([209, 210].map(offer.option), [EXTRAS[209], EXTRAS[210]])
  })
})

conformance('RFC 4039: rapid commit', { ...DHCP_SITE, rapidCommit: true }, (row) => {
  row('X1.enabled', 'rapid commit is enabled: ACK at once, for those who want it', async (lab) => {
    const ack = await lab.ask(discover(stranger(2), { options: [[80, '']] }))
    assert.deepEqual([ack.type, ack.option(80)], [ACK, ''])
    assert.ok(isInPool(ack.yiaddr), ack.yiaddr)
    const offer = await lab.ask(discover(stranger(3)))
    assert.deepEqual([offer.type, offer.option(80)], [OFFER, undefined])
  })
})
