import assert from 'node:assert/strict'
import { select, vector } from './src/client.ts'
import { conformance } from './src/conformance.ts'
import { BOOT, DHCP_SITE, machineOn, SERVER, WORDY } from './src/site.ts'
import { ip, text, textOf, u16 } from './src/wire/octets.ts'
import { ACK, DISCOVER, encodeOption, OFFER, type RequestOption } from './src/wire/request.ts'

/** An IP and a UDP header: option 57 counts them. */
const HEADERS = 28
/** Everything the site has for everyone, and the routes. */
const EVERYTHING: RequestOption = [55, '0103060c0f1c2a33363a3b77790a']
const X64: readonly RequestOption[] = [
  [60, text('PXEClient:Arch:00007:UNDI:003016')],
  [93, u16(7)],
  [94, '010300'],
]
/** Octets of options that have one length only. */
const LENGTHS: Readonly<Record<number, number>> = { 1: 4, 51: 4, 53: 1, 54: 4, 58: 4, 59: 4 }

conformance('RFC 2132: options', DHCP_SITE, (row) => {
  row('P5', 'the mask stands before the router, and lengths are right', async (lab) => {
    const list: RequestOption = [55, '03062a3b3a333601']
    const reply = await lab.ask({ type: DISCOVER, chaddr: machineOn('eth0', 20).mac, options: [list] })
    assert.ok(reply.codes.indexOf(1) < reply.codes.indexOf(3), reply.codes.join(' '))
    for (const [code, length] of Object.entries(LENGTHS)) {
      assert.equal(reply.option(Number(code))?.length, length * 2, `option ${code}`)
    }
    for (const code of [3, 6, 42]) assert.equal(reply.option(code)!.length % 8, 0, `option ${code}`)
  })

  row('P6', 'a client that lists mask and router gets nothing else that is configured', async (lab) => {
    const options: RequestOption[] = [[55, '0103']]
    const reply = await lab.ask({ type: DISCOVER, chaddr: machineOn('eth0', 21).mac, options })
    const due = new Set([1, 3, 51, 53, 54, 58, 59])
    assert.deepEqual(
      reply.codes.filter((code) => !due.has(code)),
      [],
    )
    assert.equal(reply.option(3), ip(SERVER))
  })

  row('P6.default', 'a client that lists nothing gets what a host needs', async (lab) => {
    const reply = await lab.ask({ type: DISCOVER, chaddr: machineOn('eth0', 21).mac })
    assert.deepEqual([reply.option(1), reply.option(3)], [ip('255.255.255.0'), ip(SERVER)])
  })

  row('P7', 'options are read in file and sname where option 52 says so', async (lab) => {
    const chaddr = machineOn('eth0', 22).mac
    const list = `${encodeOption([55, '0103'])}ff`
    for (const field of [
      { file: list, code: '01' },
      { sname: list, code: '02' },
      { sname: list, file: 'ff', code: '03' },
    ]) {
      const { code, ...fields } = field
      const reply = await lab.ask({ type: DISCOVER, chaddr, ...fields, options: [[52, code]] })
      assert.deepEqual([reply.type, reply.option(3), reply.option(6)], [OFFER, ip(SERVER), undefined], `52 = ${code}`)
      assert.equal(reply.file, '')
    }
  })

  row('P8', 'a reply is no larger than the client takes: 576 octets unless it says more', async (lab) => {
    for (const more of [[], [[57, '0240']], [[57, '0100']]] as RequestOption[][]) {
      const reply = await lab.ask({ type: DISCOVER, chaddr: WORDY.mac, options: [EVERYTHING, ...more] })
      assert.ok(
        reply.octets.length + HEADERS <= 576,
        `${reply.octets.length + HEADERS} octets for 57 = ${more[0]?.[1]}`,
      )
      assert.deepEqual([reply.type, reply.yiaddr], [OFFER, WORDY.address])
      for (const code of [1, 51, 54]) assert.ok(reply.option(code), `option ${code} is there`)
    }
  })

  row('P8.more', 'a client that takes more gets all of it', async (lab) => {
    const options: RequestOption[] = [EVERYTHING, [57, '05c0']]
    const reply = await lab.ask({ type: DISCOVER, chaddr: WORDY.mac, options })
    assert.ok(reply.octets.length + HEADERS <= 0x5c0, `${reply.octets.length} octets`)
    assert.deepEqual([reply.option(6), reply.option(42)], [ip(...WORDY.nameServers), ip(...WORDY.timeServers)])
    assert.ok(reply.option(121)!.length / 2 >= WORDY.routes.length * 8, 'all routes')
  })

  row('P9', 'UEFI says 65280 in option 57 of its REQUEST', async (lab) => {
    const machine = machineOn('eth0', 23)
    const taken = `3604${ip(SERVER)}3204${ip(machine.address)}`
    const asks = vector('v02-ovmf-x64-pxe-request', machine, ['3604c0a84d023204c0a84d57', taken])
    const reply = await lab.askOctets(asks, { sourceMac: machine.mac })
    assert.deepEqual([reply.type, reply.yiaddr, reply.option(54)], [ACK, machine.address, ip(SERVER)])
    assert.ok(reply.octets.length + HEADERS <= 1500, `${reply.octets.length} octets`)
  })

  row('P13', 'arm64 UEFI has a 0 in its list', async (lab) => {
    const machine = machineOn('eth0', 24)
    const reply = await lab.askOctets(vector('v08-aavmf-arm64-http-discover', machine), { sourceMac: machine.mac })
    assert.deepEqual([reply.type, reply.yiaddr, reply.option(1)], [OFFER, machine.address, ip('255.255.255.0')])
  })

  row('P13.end', 'a list that has 0 and 255 in it', async (lab) => {
    const options: RequestOption[] = [[55, '0001ff0300']]
    const reply = await lab.ask({ type: DISCOVER, chaddr: machineOn('eth0', 25).mac, options })
    assert.deepEqual([reply.option(1), reply.option(3)], [ip('255.255.255.0'), ip(SERVER)])
  })

  row('P16', 'names in options 66 and 67 are text with one NUL behind it at most', async (lab) => {
    const machine = machineOn('eth0', 26)
    const options: RequestOption[] = [[55, '01034243'], ...X64]
    const offer = await lab.ask({ type: DISCOVER, chaddr: machine.mac, options })
    const ack = await lab.ask(select(machine, offer, { options: [[55, '4243'], ...X64] }))
    for (const reply of [offer, ack]) {
      assert.deepEqual([textOf(reply.option(66)), textOf(reply.option(67))], [SERVER, BOOT.x64])
      assert.equal(reply.siaddr, SERVER)
    }
  })
})
