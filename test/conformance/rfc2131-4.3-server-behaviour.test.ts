import assert from 'node:assert/strict'
import { bind, discover, extend, outcomes, reboot, renew, select } from './src/client.ts'
import { conformance } from './src/conformance.ts'
import { BY_RELAY, byUnicast } from './src/lab.ts'
import { DHCP_SITE, FOREVER, isInPool, machineOn, ONE_ADDRESS_NETS, SERVER, stranger } from './src/site.ts'
import { ip, mac } from './src/wire/octets.ts'
import { ACK, DECLINE, INFORM, NAK, OFFER, RELEASE, type Request, type RequestOption } from './src/wire/request.ts'

const OTHER_SERVER: RequestOption = [54, ip('192.168.77.250')]
const THIS_SERVER: RequestOption = [54, ip(SERVER)]

/** Relayed from a network that has one address to give away, and that address. */
function oneAddressNet(index: 0 | 1 | 2): { readonly giaddr: string; readonly address: string } {
  const net = ONE_ADDRESS_NETS[index]
  return { giaddr: `${net}.1`, address: `${net}.100` }
}

function decline(client: { readonly mac: string }, address: string): Request {
  return { type: DECLINE, chaddr: client.mac, options: [[50, ip(address)], THIS_SERVER] }
}

function release(client: { readonly mac: string }, ciaddr: string): Request {
  return { type: RELEASE, chaddr: client.mac, ciaddr, options: [THIS_SERVER] }
}

conformance('RFC 2131 §4.3: server behaviour', DHCP_SITE, (row) => {
  // §4.3.1: DISCOVER
  row('S1', 'one OFFER, of the reserved address', async (lab) => {
    const machine = machineOn('eth0', 20)
    const replies = await lab.askAll(discover(machine))
    assert.equal(replies.length, 1)
    const [offer] = replies
    assert.deepEqual([offer!.type, offer!.yiaddr, offer!.ciaddr], [OFFER, machine.address, '0.0.0.0'])
    assert.deepEqual([51, 54, 1].map(offer!.option), ['00000e10', ip(SERVER), ip('255.255.255.0')])
  })

  row('S1.pool', 'one OFFER, from the pool of the network the client is on', async (lab) => {
    const replies = await lab.askAll(discover(stranger(1)))
    assert.equal(replies.length, 1)
    assert.ok(isInPool(replies[0]!.yiaddr), replies[0]!.yiaddr)
    assert.deepEqual([51, 54, 1].map(replies[0]!.option), ['00000e10', ip(SERVER), ip('255.255.255.0')])
  })

  row('S2', 'a requested address that is free is offered, one that is not is not', async (lab) => {
    const wish = (address: string): Partial<Request> => ({ options: [[50, ip(address)]] })
    const offer = await lab.ask(discover(stranger(2), wish('192.168.77.150')))
    assert.equal(offer.yiaddr, '192.168.77.150')
    assert.equal((await lab.ask(select(stranger(2), offer))).type, ACK)
    for (const taken of ['192.168.77.150', machineOn('eth0', 21).address]) {
      const other = await lab.ask(discover(stranger(3), wish(taken)))
      assert.ok(isInPool(other.yiaddr) && other.yiaddr !== taken, `${taken} was wished, ${other.yiaddr} offered`)
    }
  })

  row('S3', 'the only address is offered to one client at a time', async (lab) => {
    const { giaddr, address } = oneAddressNet(0)
    const offer = await lab.ask(discover(stranger(4), { giaddr }), BY_RELAY)
    assert.equal(offer.yiaddr, address)
    await lab.unanswered(discover(stranger(5), { giaddr }), BY_RELAY)
  })

  row('S4', 'asked twice, the same address', async (lab) => {
    const machine = machineOn('eth0', 22)
    const [first, second] = [lab.xid(), lab.xid()]
    const replies = [
      await lab.ask(discover(machine, { xid: first })),
      await lab.ask(discover(machine, { xid: second })),
    ]
    assert.deepEqual(
      replies.map(({ yiaddr }) => yiaddr),
      [machine.address, machine.address],
    )
    assert.deepEqual(
      replies.map(({ xid }) => xid),
      [first, second],
    )
  })

  row('S4.pool', 'asked twice, the same address of the pool', async (lab) => {
    const first = await lab.ask(discover(stranger(6)))
    assert.equal((await lab.ask(discover(stranger(6)))).yiaddr, first.yiaddr)
  })

  row('S17', 'a reserved address is not offered to another machine that wishes for it', async (lab) => {
    const wish: Partial<Request> = { options: [[50, ip(machineOn('eth0', 23).address)]] }
    const own = machineOn('eth0', 24)
    assert.equal((await lab.ask(discover(own, wish))).yiaddr, own.address)
    const offers = await lab.askAll(discover(stranger(7), wish))
    assert.deepEqual(
      offers.filter(({ yiaddr }) => yiaddr === machineOn('eth0', 23).address),
      [],
    )
  })

  row('S17.pool', 'nor does a machine get an address of the pool instead of its own', async (lab) => {
    const machine = machineOn('eth0', 25)
    const offer = await lab.ask(discover(machine, { options: [[50, ip('192.168.77.160')]] }))
    assert.equal(offer.yiaddr, machine.address)
    assert.ok(isInPool((await lab.ask(discover(stranger(7), { options: [[50, ip(machine.address)]] }))).yiaddr))
  })

  row('S18', 'no address is left: silence', async (lab) => {
    const { giaddr, address } = oneAddressNet(2)
    const ack = await bind(lab, stranger(8), { giaddr }, BY_RELAY)
    assert.equal(ack.yiaddr, address)
    await lab.unanswered(discover(stranger(9), { giaddr }), BY_RELAY)
  })

  row('S19', 'firmware and system of one machine have different identifiers, and get one address', async (lab) => {
    const machine = machineOn('eth0', 26)
    const hardware = mac(machine.mac)
    for (const options of [[[61, `01${hardware}`]], [], [[61, `ff0000000100030001${hardware}`]]] as RequestOption[][]) {
      assert.equal((await bind(lab, machine, { options })).yiaddr, machine.address)
    }
  })

  row('S19.pool', 'who has the identifier has the address, from whatever hardware address', async (lab) => {
    const options: RequestOption[] = [[61, '00aabbccddee']]
    const ack = await bind(lab, stranger(10), { options })
    assert.equal((await lab.ask(discover(stranger(11), { options }))).yiaddr, ack.yiaddr)
  })

  // §4.3.2: REQUEST
  row('S5', 'SELECTING: the ACK has what the OFFER had', async (lab) => {
    const machine = machineOn('eth0', 27)
    const list: RequestOption = [55, '0103060c0f1c2a33363a3b']
    const options: RequestOption[] = [list, [61, `01${mac(machine.mac)}`]]
    const offer = await lab.ask(discover(machine, { options }))
    const ack = await lab.ask(select(machine, offer, { options }))
    const values = ({ codes, option }: typeof offer) =>
      codes.filter((code) => code !== 53).map((code) => [code, option(code)])
    assert.deepEqual([ack.type, ack.yiaddr, ack.siaddr, ack.file], [ACK, offer.yiaddr, offer.siaddr, offer.file])
    assert.deepEqual(values(ack), values(offer))
  })

  row('S6', 'SELECTING another server: silence', async (lab) => {
    const machine = machineOn('eth0', 28)
    await lab.ask(discover(machine))
    const options: RequestOption[] = [OTHER_SERVER, [50, ip('192.168.77.250')]]
    await lab.unanswered({ type: 3, chaddr: machine.mac, options })
  })

  row('S6.pool', 'and what was offered is free again', async (lab) => {
    const { giaddr, address } = oneAddressNet(1)
    const offer = await lab.ask(discover(stranger(12), { giaddr }), BY_RELAY)
    assert.equal(offer.yiaddr, address)
    const options: RequestOption[] = [OTHER_SERVER, [50, ip(`${ONE_ADDRESS_NETS[1]}.77`)]]
    await lab.unanswered({ type: 3, chaddr: stranger(12).mac, giaddr, options }, BY_RELAY)
    assert.equal((await lab.ask(discover(stranger(13), { giaddr }), BY_RELAY)).yiaddr, address)
  })

  row('S7', 'INIT-REBOOT with the right address: ACK', async (lab) => {
    const machine = machineOn('eth0', 29)
    await bind(lab, machine)
    const ack = await lab.ask(reboot(machine, machine.address))
    assert.deepEqual([ack.type, ack.yiaddr, ack.option(51)], [ACK, machine.address, '00000e10'])
  })

  row('S7.wrong', 'INIT-REBOOT with an address of another network: NAK to everyone', async (lab) => {
    const nak = await lab.ask(reboot(machineOn('eth0', 30), '172.16.5.5'))
    assert.deepEqual([nak.type, nak.to, nak.toPort], [NAK, '255.255.255.255', 68])
  })

  row('S7.unknown', 'INIT-REBOOT of a client without a record: no ACK', async (lab) => {
    const types = await outcomes(lab, reboot(stranger(14), '192.168.77.170'))
    assert.ok(!types.includes(ACK), 'ACK')
  })

  row('S8', 'RENEWING: ACK to the client, extended', async (lab) => {
    const machine = machineOn('eth0', 31)
    await bind(lab, machine)
    const ack = await renew(lab, machine, machine.address)
    assert.deepEqual(
      [ack.type, ack.yiaddr, ack.ciaddr, ack.to],
      [ACK, machine.address, machine.address, machine.address],
    )
    assert.equal(ack.option(51), '00000e10')
  })

  row('S8.rebinding', 'REBINDING: the same by broadcast', async (lab) => {
    const machine = machineOn('eth0', 32)
    await bind(lab, machine)
    const ack = await lab.ask(extend(machine, machine.address), { from: machine.address })
    assert.deepEqual(
      [ack.type, ack.yiaddr, ack.to, ack.option(51)],
      [ACK, machine.address, machine.address, '00000e10'],
    )
  })

  row('S8.other', 'the address of another machine is not extended', async (lab) => {
    const [owner, other] = [machineOn('eth0', 33), machineOn('eth0', 34)]
    await bind(lab, owner)
    const types = await outcomes(lab, extend(other, owner.address), { from: owner.address })
    assert.ok(!types.includes(ACK), 'ACK')
  })

  row('S9', 'NAK has neither addresses nor a lease', async (lab) => {
    const nak = await lab.ask(reboot(machineOn('eth0', 35), '172.16.5.6', { flags: 0x8000 }))
    assert.deepEqual([nak.type, nak.option(54)], [NAK, ip(SERVER)])
    assert.deepEqual([nak.ciaddr, nak.yiaddr, nak.siaddr], ['0.0.0.0', '0.0.0.0', '0.0.0.0'])
    assert.deepEqual(
      nak.codes.filter((code) => ![53, 54, 56, 61].includes(code)),
      [],
    )
  })

  row('S14', 'renewal after a half, rebinding after seven eighths', async (lab) => {
    const offer = await lab.ask(discover(machineOn('eth0', 36)))
    assert.deepEqual([51, 58, 59].map(offer.option), ['00000e10', '00000708', '00000c4e'])
  })

  row('S14.infinite', 'a lease for ever has neither', async (lab) => {
    const offer = await lab.ask(discover(FOREVER))
    assert.deepEqual([51, 58, 59].map(offer.option), ['ffffffff', undefined, undefined])
  })

  // §4.3.3 to 4.3.5: DECLINE, RELEASE, INFORM
  row('S10', 'a declined address is not given out, and DECLINE is not answered', async (lab) => {
    const machine = machineOn('eth0', 37)
    await bind(lab, machine)
    lab.disown(machine.address)
    await lab.unanswered(decline(machine, machine.address))
    const offers = await lab.askAll(discover(machine, { options: [[50, ip(machine.address)]] }))
    assert.deepEqual(
      offers.filter(({ yiaddr }) => yiaddr === machine.address),
      [],
    )
  })

  row('S10.pool', 'who declined gets another one', async (lab) => {
    const ack = await bind(lab, stranger(15))
    lab.disown(ack.yiaddr)
    await lab.unanswered(decline(stranger(15), ack.yiaddr))
    for (const client of [stranger(15), stranger(16)]) {
      const offer = await lab.ask(discover(client, { options: [[50, ip(ack.yiaddr)]] }))
      assert.ok(isInPool(offer.yiaddr) && offer.yiaddr !== ack.yiaddr, offer.yiaddr)
    }
  })

  row('S11', 'RELEASE is not answered, and the machine gets its address again', async (lab) => {
    const machine = machineOn('eth0', 38)
    await bind(lab, machine)
    await lab.unanswered(release(machine, machine.address), byUnicast(machine.address))
    assert.equal((await lab.ask(discover(machine))).yiaddr, machine.address)
  })

  row('S11.pool', 'the address of a client that went is the last to be given to others', async (lab) => {
    const ack = await bind(lab, stranger(17))
    await lab.unanswered(release(stranger(17), ack.yiaddr), byUnicast(ack.yiaddr))
    lab.disown(ack.yiaddr)
    assert.notEqual((await lab.ask(discover(stranger(18)))).yiaddr, ack.yiaddr)
    assert.equal((await lab.ask(discover(stranger(17)))).yiaddr, ack.yiaddr)
  })

  row('S12', 'DECLINE and RELEASE of the address of another machine change nothing', async (lab) => {
    const [owner, other] = [machineOn('eth0', 39), machineOn('eth0', 40)]
    await bind(lab, owner)
    await lab.unanswered(decline(other, owner.address))
    await lab.unanswered(release(other, owner.address), byUnicast(owner.address))
    const ack = await renew(lab, owner, owner.address)
    assert.deepEqual([ack.type, ack.yiaddr], [ACK, owner.address])
    assert.equal((await lab.ask(discover(owner))).yiaddr, owner.address)
  })

  row('S13', 'INFORM: parameters without a lease, to the client', async (lab) => {
    const machine = machineOn('eth0', 41)
    lab.own(machine.address, machine.mac)
    const inform: Request = {
      type: INFORM,
      chaddr: machine.mac,
      ciaddr: machine.address,
      options: [[55, '0103063336363a3b']],
    }
    const ack = await lab.ask(inform, { from: machine.address })
    assert.deepEqual([ack.type, ack.ciaddr, ack.yiaddr], [ACK, machine.address, '0.0.0.0'])
    assert.deepEqual([ack.to, ack.toPort, ack.option(3)], [machine.address, 68, ip(SERVER)])
    assert.deepEqual([51, 58, 59].map(ack.option), [undefined, undefined, undefined])
  })

  row('S13.source', 'INFORM without ciaddr is answered where it came from', async (lab) => {
    const machine = machineOn('eth0', 43)
    lab.own(machine.address, machine.mac)
    const ack = await lab.ask({ type: INFORM, chaddr: machine.mac, options: [[55, '0103']] }, { from: machine.address })
    assert.deepEqual([ack.type, ack.to, ack.yiaddr], [ACK, machine.address, '0.0.0.0'])
  })

  // §3.1: leases last. These come at the end: the server is killed.
  row('S15', 'a machine renews after kill -9 as if nothing had happened', async (lab) => {
    const machine = machineOn('eth0', 42)
    await bind(lab, machine)
    await lab.started.crash()
    const ack = await renew(lab, machine, machine.address)
    assert.deepEqual([ack.type, ack.yiaddr], [ACK, machine.address])
  })

  row('S15.pool', 'and so does a client of the pool, whose address nobody else gets', async (lab) => {
    const bound = await bind(lab, stranger(19))
    await lab.started.crash()
    assert.notEqual((await lab.ask(discover(stranger(20), { options: [[50, ip(bound.yiaddr)]] }))).yiaddr, bound.yiaddr)
    const ack = await renew(lab, stranger(19), bound.yiaddr)
    assert.deepEqual([ack.type, ack.yiaddr], [ACK, bound.yiaddr])
  })
})
