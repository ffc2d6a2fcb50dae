import assert from 'node:assert/strict'
import { reboot } from './src/client.ts'
import { conformance } from './src/conformance.ts'
import { BY_RELAY } from './src/lab.ts'
import { DHCP_SITE, machineOn, RELAY, SERVER } from './src/site.ts'
import { bytes, ip, mac } from './src/wire/octets.ts'
import { datagramOf, DISCOVER, encodeOption, NAK, OFFER, type Request, type RequestOption } from './src/wire/request.ts'

conformance('RFC 2131 §2: format of a message', DHCP_SITE, (row) => {
  row('P1', 'xid, flags, hardware type and address of the reply are those of the request', async (lab) => {
    const { mac: chaddr } = machineOn('eth0', 20)
    for (const header of [
      { flags: 0x8000, xid: 0xdead_beef },
      { flags: 0x80ff, xid: 1 },
    ]) {
      const reply = await lab.ask({ ...header, type: DISCOVER, chaddr })
      const { op, htype, hlen, xid, flags, giaddr } = reply
      assert.deepEqual(
        { op, htype, hlen, xid, flags, giaddr },
        { op: 2, htype: 1, hlen: 6, ...header, giaddr: '0.0.0.0' },
      )
      assert.equal(reply.chaddr, mac(chaddr).padEnd(32, '0'))
    }
  })

  row('P1.tail', 'octets behind the hardware address come back', async (lab) => {
    const { mac: chaddr } = machineOn('eth0', 20)
    const reply = await lab.ask({ type: DISCOVER, chaddr, chaddrTail: '00112233445566778899' })
    assert.equal(reply.chaddr, `${mac(chaddr)}00112233445566778899`)
  })

  row('P1.zero', 'secs and hops of a reply are 0', async (lab) => {
    const { mac: chaddr } = machineOn('eth0', 20)
    const late = await lab.ask({ type: DISCOVER, chaddr, secs: 4711 })
    const relayed = await lab.ask({ type: DISCOVER, chaddr, giaddr: RELAY, hops: 1 }, BY_RELAY)
    assert.deepEqual([late.secs, relayed.hops], [0, 0])
  })

  row('P1.relayed', 'giaddr and the flags of a relayed message come back', async (lab) => {
    const { mac: chaddr } = machineOn('eth0', 20)
    const reply = await lab.ask({ type: DISCOVER, chaddr, giaddr: RELAY, hops: 1, flags: 0x8000 }, BY_RELAY)
    assert.deepEqual([reply.giaddr, reply.flags], [RELAY, 0x8000])
  })

  row('P2', 'pads between the options and octets behind END are passed over', async (lab) => {
    const { mac: chaddr, address } = machineOn('eth0', 21)
    const pad: RequestOption = [0, '']
    const options: RequestOption[] = [pad, [55, '0103'], pad, pad, [61, '0102'], pad]
    const reply = await lab.ask({ type: DISCOVER, chaddr, options, end: '00ff3501050104deadbeef' })
    assert.deepEqual([reply.type, reply.yiaddr], [OFFER, address])
  })

  row('P3', 'what is malformed is not answered, and what comes next is', async (lab) => {
    const answers: string[] = []
    for (const [what, datagram] of malformed(lab.xid())) {
      lab.sendOctets(datagram, { sourceMac: machineOn('eth0', 22).mac })
      await lab.settle()
      answers.push(...lab.strays().map((answer) => `${what}: ${answer}`))
    }
    assert.deepEqual(answers, [])
  })

  row('P3.counted', 'each malformed packet is counted', async (lab) => {
    const before = await lab.started.malformed()
    const datagrams = malformed(lab.xid())
    for (const [, datagram] of datagrams) lab.sendOctets(datagram, {})
    await lab.settle()
    assert.equal((await lab.started.malformed()) - before, datagrams.length)
  })

  row('P3.type', 'message types that no client sends, or that cannot be read, are not answered', async (lab) => {
    const request: Request = { chaddr: machineOn('eth0', 22).mac, options: [[54, ip(SERVER)]] }
    for (const type of ['00', '02', '05', '06', '13', 'ff', '', '0101']) {
      await lab.unanswered({ ...request, options: [[53, type], ...request.options!] })
    }
  })

  row('P4', 'a reply has 300 octets at least, however little is in it', async (lab) => {
    const { mac: chaddr } = machineOn('eth0', 23)
    const reply = await lab.ask({ type: DISCOVER, chaddr, options: [[55, '01']] })
    assert.ok(reply.octets.length >= 300, `${reply.octets.length} octets`)
  })

  row('P4.nak', 'NAK, with the least in it, too', async (lab) => {
    const nak = await lab.ask(reboot(machineOn('eth0', 23), '172.16.0.1'))
    assert.equal(nak.type, NAK)
    assert.ok(nak.octets.length >= 300, `${nak.octets.length} octets`)
  })

  row('P15', 'U-Boot writes a file name into its request: it is no answer to itself', async (lab) => {
    const { mac: chaddr, address } = machineOn('eth0', 24)
    const file = Buffer.from('boot.scr.uimg').toString('hex')
    const options: RequestOption[] = [
      [57, '0240'],
      [93, '0016'],
      [94, '010000'],
      [60, Buffer.from('U-Boot.armv8').toString('hex')],
      [55, '0103060c11'],
    ]
    const reply = await lab.ask({ type: DISCOVER, chaddr, file, options })
    assert.equal(reply.yiaddr, address)
    assert.notEqual(reply.file, 'boot.scr.uimg')
    assert.equal(reply.option(67), undefined)
  })
})

/** P3: datagrams that are no DHCP messages of a client, each wrong in one way. */
function malformed(xid: number): (readonly [what: string, datagram: Uint8Array])[] {
  const request: Request = { type: DISCOVER, chaddr: machineOn('eth0', 22).mac, xid }
  const whole = datagramOf(request)
  const withEnd = (end: string): Uint8Array => datagramOf({ ...request, end })
  return [
    ['nothing', bytes('')],
    ['one octet', whole.subarray(0, 1)],
    ['cut before the cookie', whole.subarray(0, 236)],
    ['cut inside the cookie', whole.subarray(0, 239)],
    ['op 0', datagramOf({ ...request, op: 0 })],
    ['op 3', datagramOf({ ...request, op: 3 })],
    ['hlen 17', datagramOf({ ...request, hlen: 17 })],
    ['another cookie', datagramOf({ ...request, cookie: '63825364' })],
    ['an option past the end', withEnd(encodeOption([55, '0103']).slice(0, -2))],
    ['an option of 255 octets of which none is there', withEnd('3dff')],
    ['a code without a length', withEnd(`${encodeOption([50, ip('192.168.77.22')])}0c`)],
  ]
}
