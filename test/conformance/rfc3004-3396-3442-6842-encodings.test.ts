import assert from 'node:assert/strict'
import { bind, bootFile, discover, reboot, select } from './src/client.ts'
import { conformance } from './src/conformance.ts'
import { BOOT, DHCP_SITE, machineOn, NAME_SERVERS, ROUTED, SERVER, TIME_SERVERS, WIDELY_ROUTED } from './src/site.ts'
import { ip, text, u16 } from './src/wire/octets.ts'
import { DISCOVER, NAK, OFFER, type RequestOption } from './src/wire/request.ts'

const IDENTIFIER = `ff${'0102030405060708'.repeat(2)}0910`
const ROUTES_LIST: RequestOption = [55, '010379']

conformance('RFC 3004, 3396, 3442, 6842: encodings', DHCP_SITE, (row) => {
  row('P10', 'a list in two instances is one list', async (lab) => {
    const options: RequestOption[] = [
      [55, '01'],
      [12, text('two')],
      [55, '06'],
    ]
    const reply = await lab.ask({ type: DISCOVER, chaddr: machineOn('eth0', 27).mac, options })
    assert.deepEqual([reply.option(1), reply.option(6)], [ip('255.255.255.0'), ip(...NAME_SERVERS)])
  })

  row('P10.values', 'values are put together before anybody reads them', async (lab) => {
    const machine = machineOn('eth0', 28)
    const options: RequestOption[] = [
      [60, text('PXEClient:Ar')],
      [93, '00'],
      [60, text('ch:00007:UNDI:003016')],
      [93, '07'],
    ]
    const reply = await lab.ask(discover(machine, { options }))
    assert.deepEqual([reply.yiaddr, bootFile(reply)], [machine.address, BOOT.x64])
  })

  row('P10.areas', 'the rest of a value may stand in file, and then in sname', async (lab) => {
    const request = { type: DISCOVER, chaddr: machineOn('eth0', 28).mac, file: '370106ff', sname: '37012aff' }
    const reply = await lab.ask({
      ...request,
      options: [
        [55, '01'],
        [52, '03'],
      ],
    })
    assert.deepEqual(
      [reply.option(1), reply.option(6), reply.option(42)],
      [ip('255.255.255.0'), ip(...NAME_SERVERS), ip(...TIME_SERVERS)],
    )
  })

  row('P10.order', 'in the order options, file, sname', async (lab) => {
    const options: RequestOption[] = [
      [52, '03'],
      [61, '01aa'],
    ]
    const request = { type: DISCOVER, chaddr: machineOn('eth0', 28).mac, file: '3d02bbccff', sname: '3d01ddff' }
    assert.equal((await lab.ask({ ...request, options })).option(61), '01aabbccdd')
  })

  row('P10.split', 'a value of over 255 octets stands in several instances', async (lab) => {
    const options: RequestOption[] = [ROUTES_LIST, [57, '05c0']]
    const reply = await lab.ask({ type: DISCOVER, chaddr: WIDELY_ROUTED.mac, options })
    const instances = reply.instances.filter(({ code }) => code === 121)
    assert.equal(instances.length, 2)
    assert.ok(instances.every(({ value }) => value.length <= 510))
    const routes = Array.from({ length: 37 }, (_, i) => `18ac10${(i + 1).toString(16).padStart(2, '0')}${ip(SERVER)}`)
    assert.equal(reply.option(121), `${routes.join('')}00${ip(SERVER)}`)
  })

  row('P11', 'routes in option 121, the default one with them', async (lab) => {
    const reply = await lab.ask({ type: DISCOVER, chaddr: ROUTED.mac, options: [ROUTES_LIST] })
    assert.equal(reply.option(121), '080ac0a84d0100c0a84d01')
  })

  row('P12', 'the client identifier comes back in OFFER and ACK', async (lab) => {
    const ack = await bind(lab, machineOn('eth0', 29), { options: [[61, IDENTIFIER]] })
    assert.equal(ack.option(61), IDENTIFIER)
    const offer = await lab.ask(discover(machineOn('eth0', 29), { options: [[61, IDENTIFIER]] }))
    assert.equal(offer.option(61), IDENTIFIER)
  })

  row('P12.nak', 'and in NAK', async (lab) => {
    const nak = await lab.ask(reboot(machineOn('eth0', 30), '172.16.0.9', { options: [[61, IDENTIFIER]] }))
    assert.deepEqual([nak.type, nak.option(61)], [NAK, IDENTIFIER])
  })

  row('P12.short', 'of one octet, which names nobody, too', async (lab) => {
    const offer = await lab.ask(discover(machineOn('eth0', 31), { options: [[61, '01']] }))
    assert.deepEqual([offer.type, offer.option(61)], [OFFER, '01'])
  })

  row('P12.none', 'none was sent, none comes back', async (lab) => {
    const offer = await lab.ask(discover(machineOn('eth0', 31)))
    const ack = await lab.ask(select(machineOn('eth0', 31), offer))
    assert.deepEqual([offer.option(61), ack.option(61)], [undefined, undefined])
  })

  row('P14', 'the user class iPXE as bare text and as a list', async (lab) => {
    const machine = machineOn('eth0', 32)
    for (const userClass of ['69505845', '0469505845']) {
      const options: RequestOption[] = [
        [60, text('PXEClient:Arch:00007:UNDI:003016')],
        [93, u16(7)],
        [77, userClass],
      ]
      const reply = await lab.ask({ type: DISCOVER, chaddr: machine.mac, options: [[55, '010343'], ...options] })
      assert.equal(reply.type, OFFER)
      assert.match(bootFile(reply), BOOT.script, userClass)
    }
  })
})
