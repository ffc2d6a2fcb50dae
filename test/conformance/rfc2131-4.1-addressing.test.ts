import assert from 'node:assert/strict'
import { bind, discover, extend, reboot, renew } from './src/client.ts'
import { conformance } from './src/conformance.ts'
import { BY_RELAY } from './src/lab.ts'
import { DHCP_SITE, LINKS, machineOn, RELAY, SERVER, SERVER_ON_ETH1 } from './src/site.ts'
import { ip } from './src/wire/octets.ts'
import { ACK, NAK, OFFER } from './src/wire/request.ts'
import type { Reply } from './src/wire/wire.ts'

const EVERYONE = 'ff:ff:ff:ff:ff:ff'
const BROADCAST = [EVERYONE, '255.255.255.255', 68]

function destination({ destinationMac, to, toPort }: Reply): unknown[] {
  return [destinationMac, to, toPort]
}

conformance('RFC 2131 §4.1: where replies go', DHCP_SITE, (row) => {
  row('A1', 'relayed: to port 67 of giaddr, whatever the flags', async (lab) => {
    for (const flags of [0, 0x8000]) {
      const offer = await lab.ask(discover(machineOn('eth0', 20), { giaddr: RELAY, flags }), BY_RELAY)
      assert.deepEqual([offer.type, offer.to, offer.toPort, offer.fromPort], [OFFER, RELAY, 67, 67])
    }
  })

  row('A1.nak', 'a relayed NAK has the broadcast flag set', async (lab) => {
    const nak = await lab.ask(reboot(machineOn('eth0', 20), '172.16.5.5', { giaddr: RELAY }), BY_RELAY)
    assert.deepEqual([nak.type, nak.to, nak.toPort, nak.flags & 0x8000], [NAK, RELAY, 67, 0x8000])
  })

  row('A2', 'ciaddr set: to port 68 there', async (lab) => {
    const machine = machineOn('eth0', 21)
    await bind(lab, machine)
    const ack = await renew(lab, machine, machine.address)
    assert.deepEqual([ack.type, ...destination(ack)], [ACK, machine.mac, machine.address, 68])
  })

  row('A2.flag', 'ciaddr set: there, though the broadcast flag is set', async (lab) => {
    const machine = machineOn('eth0', 22)
    await bind(lab, machine)
    const ack = await lab.ask(extend(machine, machine.address, { flags: 0x8000 }), { from: machine.address })
    assert.deepEqual([ack.type, ...destination(ack)], [ACK, machine.mac, machine.address, 68])
  })

  row('A2.routed', 'a client behind a router renews without its relay, and is answered there', async (lab) => {
    const machine = machineOn('relayed', 20)
    await bind(lab, machine, { giaddr: '10.9.0.1' }, BY_RELAY)
    const ack = await lab.ask(extend(machine, machine.address), { ...BY_RELAY, from: machine.address, fromPort: 68 })
    assert.deepEqual([ack.type, ack.yiaddr, ack.to, ack.toPort], [ACK, machine.address, machine.address, 68])
  })

  row('A3', 'broadcast flag: to everyone', async (lab) => {
    const machine = machineOn('eth0', 23)
    const offer = await lab.ask(discover(machine, { flags: 0x8000 }))
    const ack = await bind(lab, machine, { flags: 0x8000 })
    assert.deepEqual([offer.type, offer.to, offer.toPort], [OFFER, '255.255.255.255', 68])
    assert.deepEqual([ack.to, ack.toPort], ['255.255.255.255', 68])
  })

  row('A3.link', 'to everyone on the link as well', async (lab) => {
    assert.deepEqual(destination(await lab.ask(discover(machineOn('eth0', 23), { flags: 0x8000 }))), BROADCAST)
  })

  row('A4', 'flag clear: to yiaddr at chaddr, which cannot answer ARP yet', async (lab) => {
    const machine = machineOn('eth0', 24)
    const offer = await lab.ask(discover(machine))
    assert.deepEqual([offer.type, ...destination(offer)], [OFFER, machine.mac, machine.address, 68])
    assert.deepEqual(destination(await bind(lab, machine)), [machine.mac, machine.address, 68])
  })

  row('A5', 'from the address in option 54, out of the interface of arrival', async (lab) => {
    const links = { eth0: SERVER, eth1: SERVER_ON_ETH1 }
    for (const [link, address] of Object.entries(links) as ['eth0' | 'eth1', string][]) {
      for (const flags of [0, 0x8000]) {
        const machine = machineOn(link, 20)
        const offer = await lab.ask(discover(machine, { flags }), { link })
        assert.deepEqual([offer.yiaddr, offer.from, offer.option(54)], [machine.address, address, ip(address)])
      }
    }
  })

  row('A7', 'replies of servers, of this one as well, are ignored', async (lab) => {
    const machine = machineOn('eth0', 25)
    for (const from of [SERVER, '192.168.77.250']) {
      await lab.unanswered(discover(machine, { op: 2 }), { from, fromPort: 67 })
      await lab.unanswered(discover(machine, { op: 2 }), { from, fromPort: 67, to: SERVER })
    }
  })
})

conformance('RFC 2131 §4.1: without privilege', { ...DHCP_SITE, links: [LINKS[0]!], unprivileged: true }, (row) => {
  row(
    'A6.unprivileged',
    'where frames cannot be forged, clients without an address are answered by broadcast',
    async (lab) => {
      const machine = machineOn('eth0', 26)
      const offer = await lab.ask(discover(machine))
      assert.deepEqual([offer.type, offer.yiaddr, ...destination(offer)], [OFFER, machine.address, ...BROADCAST])
    },
  )
})
