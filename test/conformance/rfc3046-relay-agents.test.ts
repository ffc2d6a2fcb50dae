import assert from 'node:assert/strict'
import { bind, bootFile, discover, select } from './src/client.ts'
import { conformance } from './src/conformance.ts'
import { BY_RELAY, type Lab } from './src/lab.ts'
import { BOOT, DHCP_SITE, machineOn, PORTS, RELAY, stranger, WORDY, type Port } from './src/site.ts'
import { ip, text, u16, u8 } from './src/wire/octets.ts'
import { readSubOptions } from './src/wire/reply.ts'
import { ACK, DISCOVER, NAK, OFFER, REQUEST, type Request, type RequestOption } from './src/wire/request.ts'
import type { Reply } from './src/wire/wire.ts'

/** The router of the network behind the relay. */
const GIADDR = '10.9.0.1'
const CIRCUIT = sub(1, text('test'))
const X64: readonly RequestOption[] = [
  [60, text('PXEClient:Arch:00007:UNDI:003016')],
  [93, u16(7)],
]

function sub(code: number, value: string): string {
  return u8(code) + u8(value.length / 2) + value
}

function relayed(...subOptions: readonly string[]): Partial<Request> {
  return { giaddr: GIADDR, hops: 1, options: [[82, subOptions.join('')]] }
}

/** A PXE client behind the relay asks, and again for what it was offered. */
function asBootClient(...subOptions: readonly string[]): Partial<Request> {
  return { ...relayed(), options: [...X64, [82, subOptions.join('')]] }
}

conformance('RFC 3046, 3011, 3527, 5010, 5107, 6607, 8357: relay agents', DHCP_SITE, (row) => {
  row('R1', 'option 82 comes back octet for octet and stands last', async (lab) => {
    const machine = machineOn('relayed', 20)
    const value = `${CIRCUIT}${sub(2, 'aabbcc')}`
    const more: Partial<Request> = {
      giaddr: GIADDR,
      hops: 1,
      options: [
        [55, '0103'],
        [82, value],
      ],
    }
    const offer = await lab.ask(discover(machine, more), BY_RELAY)
    const ack = await lab.ask(select(machine, offer, more), BY_RELAY)
    for (const reply of [offer, ack]) {
      assert.deepEqual(reply.instances.at(-1), { code: 82, value, area: 'options' })
    }
    assert.deepEqual([offer.type, ack.type], [OFFER, ACK])
  })

  row('R1.odd', 'with sub-options that nobody has defined, empty or twice', async (lab) => {
    const value = `${CIRCUIT}${sub(200, '')}${sub(200, '00ff')}`
    const offer = await lab.ask(
      discover(machineOn('relayed', 20), { giaddr: GIADDR, options: [[82, value]] }),
      BY_RELAY,
    )
    assert.equal(offer.option(82), value)
  })

  row('R1.full', 'it stays last, and in the options, when others move to file and sname', async (lab) => {
    const value = sub(1, 'ab'.repeat(60))
    const options: RequestOption[] = [
      [55, '0103060c0f1c2a77790a'],
      [82, value],
    ]
    const offer = await lab.ask({ type: DISCOVER, chaddr: WORDY.mac, giaddr: RELAY, options }, BY_RELAY)
    assert.deepEqual(
      offer.instances.findLast(({ area }) => area === 'options'),
      { code: 82, value, area: 'options' },
    )
    assert.ok(offer.octets.length <= 548, `${offer.octets.length} octets`)
  })

  row('R1.nak', 'in NAK too', async (lab) => {
    const options: RequestOption[] = [
      [50, ip('172.16.0.1')],
      [82, CIRCUIT],
    ]
    const nak = await lab.ask({ type: 3, chaddr: machineOn('relayed', 20).mac, giaddr: GIADDR, options }, BY_RELAY)
    assert.deepEqual([nak.type, nak.option(82)], [NAK, CIRCUIT])
  })

  row('R1.none', 'none came, none goes back', async (lab) => {
    const offer = await lab.ask(discover(machineOn('relayed', 20), { giaddr: GIADDR }), BY_RELAY)
    assert.equal(offer.option(82), undefined)
  })

  row('R2', 'the network is that of giaddr, not that of the interface', async (lab) => {
    const machine = machineOn('relayed', 21)
    const offer = await lab.ask(discover(machine, { giaddr: GIADDR }), BY_RELAY)
    assert.deepEqual([offer.yiaddr, offer.option(3)], [machine.address, ip(GIADDR)])
    const elsewhere = await lab.askAll(discover(machineOn('eth0', 20), { giaddr: GIADDR }), BY_RELAY)
    assert.deepEqual(
      elsewhere.filter(({ yiaddr }) => !yiaddr.startsWith('10.9.0.')),
      [],
    )
  })

  row('R2.nowhere', 'giaddr is in no network: silence', async (lab) => {
    await lab.unanswered(discover(machineOn('relayed', 22), { giaddr: '172.31.0.1' }), BY_RELAY)
  })

  row('R2.pool', 'a client without reservation gets an address of that network', async (lab) => {
    const offer = await lab.ask(discover(machineOn('eth0', 21), { giaddr: GIADDR }), BY_RELAY)
    assert.match(offer.yiaddr, /^10\.9\.0\.1[01]\d$/)
  })

  row('R3', 'a rule decides by circuit-id', async (lab) => {
    const machine = machineOn('relayed', 23)
    const refused = await lab.ask(discover(machine, asBootClient(sub(1, BOOT.refusedCircuit))), BY_RELAY)
    const other = await lab.ask(discover(machine, asBootClient(CIRCUIT)), BY_RELAY)
    assert.deepEqual([bootFile(refused), bootFile(other)], [BOOT.refused, BOOT.x64])
  })

  row('R3.remote', 'or by remote-id', async (lab) => {
    const machine = machineOn('relayed', 23)
    const refused = await lab.ask(discover(machine, asBootClient(CIRCUIT, sub(2, BOOT.refusedRemote))), BY_RELAY)
    const other = await lab.ask(discover(machine, asBootClient(CIRCUIT, sub(2, 'aabbcc'))), BY_RELAY)
    assert.deepEqual([bootFile(refused), bootFile(other)], [BOOT.refused, BOOT.x64])
  })

  row('R3.reserved', 'an address is reserved for a circuit-id', async (lab) => {
    const [port] = PORTS as [Port]
    const more = relayed(sub(1, port.circuit), sub(2, 'aabbcc'))
    const offer = await lab.ask(discover(stranger(0x31), more), BY_RELAY)
    const ack = await lab.ask(select(stranger(0x31), offer, more), BY_RELAY)
    const other = await lab.ask(discover(stranger(0x32), relayed(CIRCUIT)), BY_RELAY)
    assert.deepEqual([offer.yiaddr, ack.type, ack.yiaddr], [port.address, ACK, port.address])
    assert.notEqual(other.yiaddr, port.address)
  })

  row('R3.replaced', 'and goes to a replaced network card behind it at once', async (lab) => {
    const port = PORTS[1]!
    const more = relayed(sub(1, port.circuit))
    for (const last of [0x33, 0x34]) {
      const offer = await lab.ask(discover(stranger(last), more), BY_RELAY)
      const ack = await lab.ask(select(stranger(last), offer, more), BY_RELAY)
      assert.deepEqual([ack.type, ack.yiaddr], [ACK, port.address])
    }
  })

  row('R4.reserved', 'nor does an address that is reserved for the circuit need it to be renewed', async (lab) => {
    const port = PORTS[2]!
    const more = relayed(sub(1, port.circuit))
    const machine = stranger(0x35)
    await lab.ask(select(machine, await lab.ask(discover(machine, more), BY_RELAY), more), BY_RELAY)
    const renewal = { type: REQUEST, chaddr: machine.mac, ciaddr: port.address }
    const ack = await lab.ask(renewal, { ...BY_RELAY, from: port.address, fromPort: 68 })
    assert.deepEqual([ack.type, ack.yiaddr], [ACK, port.address])
  })

  row('R4', 'a renewal comes past no relay, and is classed as before', async (lab) => {
    const machine = machineOn('relayed', 24)
    await bind(lab, machine, asBootClient(sub(1, BOOT.refusedCircuit)), BY_RELAY)
    const ack = await lab.ask(
      { type: 3, chaddr: machine.mac, ciaddr: machine.address, options: X64 },
      {
        ...BY_RELAY,
        from: machine.address,
        fromPort: 68,
      },
    )
    assert.deepEqual([ack.type, bootFile(ack)], [ACK, BOOT.refused])
  })

  row('R5', 'link selection names the network, the reply goes to giaddr', async (lab) => {
    const machine = machineOn('relayed', 25)
    const more: Partial<Request> = { giaddr: RELAY, options: [[82, sub(5, ip('10.9.0.0'))]] }
    const offer = await lab.ask(discover(machine, more), BY_RELAY)
    assert.deepEqual([offer.yiaddr, offer.to, offer.toPort], [machine.address, RELAY, 67])
    assert.deepEqual([offer.option(82), offer.giaddr], [sub(5, ip('10.9.0.0')), RELAY])
  })

  row('R5.pool', 'for clients of the pool too', async (lab) => {
    const more: Partial<Request> = { giaddr: RELAY, options: [[82, sub(5, ip('10.9.0.0'))]] }
    const offer = await lab.ask(discover(machineOn('eth0', 22), more), BY_RELAY)
    assert.match(offer.yiaddr, /^10\.9\.0\.1[01]\d$/)
  })

  row('R5.broken', 'one of three octets is passed over', async (lab) => {
    const machine = machineOn('relayed', 31)
    const offer = await lab.ask(discover(machine, { giaddr: GIADDR, options: [[82, sub(5, '0a0900')]] }), BY_RELAY)
    assert.deepEqual([offer.yiaddr, offer.option(82)], [machine.address, sub(5, '0a0900')])
  })

  row('R6', 'server identifier override: the relay is the server to the client', async (lab) => {
    const machine = machineOn('relayed', 26)
    const more = relayed(sub(11, ip('10.9.0.254')))
    const offer = await lab.ask(discover(machine, more), BY_RELAY)
    assert.equal(offer.option(54), ip('10.9.0.254'))
    const ack = await lab.ask(select(machine, offer, more), BY_RELAY)
    assert.deepEqual([ack.type, ack.yiaddr, ack.option(54)], [ACK, machine.address, ip('10.9.0.254')])
  })

  row('R7', 'option 118 names the network, and comes back', async (lab) => {
    const machine = machineOn('relayed', 27)
    const offer = await lab.ask(discover(machine, { options: [[118, ip('10.9.0.0')]] }))
    assert.deepEqual([offer.yiaddr, offer.option(118)], [machine.address, ip('10.9.0.0')])
  })

  row('R8', 'a relay that says so is answered at the port it sent from', async (lab) => {
    const machine = machineOn('relayed', 28)
    const more: Partial<Request> = { giaddr: RELAY, options: [[82, `${sub(5, ip('10.9.0.0'))}${sub(19, '')}`]] }
    const offer = await lab.ask(discover(machine, more), { ...BY_RELAY, fromPort: 1067 })
    assert.deepEqual([offer.type, offer.to, offer.toPort], [OFFER, RELAY, 1067])
    assert.ok(readSubOptions(offer.option(82)!, { end: false }).has(19))
    const silent = await lab.ask(discover(machine, { giaddr: RELAY, options: [[82, sub(5, ip('10.9.0.0'))]] }), {
      ...BY_RELAY,
      fromPort: 1067,
    })
    assert.equal(silent.toPort, 67)
  })

  row('R9', 'a rule decides by the flag "came by unicast"', async (lab) => {
    const machine = machineOn('relayed', 29)
    const unicast = await lab.ask(discover(machine, asBootClient(sub(10, '80'))), BY_RELAY)
    const broadcast = await lab.ask(discover(machine, asBootClient(sub(10, '00'))), BY_RELAY)
    assert.deepEqual([bootFile(unicast), bootFile(broadcast)], [BOOT.refused, BOOT.x64])
  })

  row('R10', 'seventeen hops: dropped; sixteen: answered', async (lab) => {
    const machine = machineOn('relayed', 30)
    await lab.unanswered(discover(machine, { giaddr: GIADDR, hops: 17 }), BY_RELAY)
    assert.equal((await lab.ask(discover(machine, { giaddr: GIADDR, hops: 16 }), BY_RELAY)).type, OFFER)
  })

  row('R11', 'a virtual network that was not heeded is not confirmed', async (lab) => {
    const network = sub(151, `00${text('red')}`)
    const alone = await askWith(lab, `${CIRCUIT}${network}`)
    assert.equal(alone.has(151), false)
    // With 152 beside it 151 means "I did not look", without it "I did".
    const controlled = await askWith(lab, `${CIRCUIT}${network}${sub(152, '')}`)
    assert.ok(!controlled.has(151) || controlled.has(152), '151 came back without 152')
    assert.deepEqual([alone.get(1), controlled.get(1)], [text('test'), text('test')])
  })

  row('R12', 'a relay that is not listed is not answered', async (lab) => {
    await lab.unanswered(discover(machineOn('relayed', 32), { giaddr: GIADDR }), {
      ...BY_RELAY,
      from: '192.168.77.250',
    })
  })
})

async function askWith(lab: Lab, value: string): Promise<Map<number, string>> {
  const more: Partial<Request> = { giaddr: GIADDR, options: [[82, value]] }
  const offer: Reply = await lab.ask(discover(machineOn('relayed', 31), more), BY_RELAY)
  assert.equal(offer.type, OFFER)
  return readSubOptions(offer.option(82) ?? '', { end: false })
}
