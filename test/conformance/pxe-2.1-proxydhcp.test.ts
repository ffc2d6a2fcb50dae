import assert from 'node:assert/strict'
import { bootRequest, CLIENT_ADDRESS, pxe, to4011 } from './src/boot-client.ts'
import { bootFile, discover, vector } from './src/client.ts'
import { conformance } from './src/conformance.ts'
import { BY_RELAY, byUnicast } from './src/lab.ts'
import { BOOT, MENU_SITE, PROXY_SITE, RELAY, SERVER, stranger } from './src/site.ts'
import { menuOf } from './src/vendor-options.ts'
import { ip, text, textOf } from './src/wire/octets.ts'
import { DECLINE, INFORM, OFFER, RELEASE, REQUEST, type RequestOption } from './src/wire/request.ts'
import { readSubOptions } from './src/wire/reply.ts'

/** Option 175 of that iPXE. */
const IPXE_FEATURES =
  'af30b105011af41000eb03010000170101220101130101110101270101190101290101100102210101150101180101120101'
const EVERYONE = 'ff:ff:ff:ff:ff:ff'
const PI = { mac: 'b8:27:eb:00:00:01' }
/** The Pi's ROM says BIOS, and the serial number stands at the end of its GUID. */
const PI_GUID: RequestOption = [97, '0044444444444444444444444410000000']

conformance('PXE 2.1 §2.2: proxyDHCP on port 67', PROXY_SITE, (row) => {
  row('Y1', 'plain DHCP clients, and those that talk to the other server, are left alone', async (lab) => {
    const client = stranger(1)
    const other: RequestOption = [54, ip('192.168.77.250')]
    const wish: RequestOption = [50, ip(CLIENT_ADDRESS)]
    await lab.unanswered(discover(client))
    await lab.unanswered(discover(client, { options: [[60, text('udhcp 1.36')]] }))
    await lab.unanswered(pxe(client, 7, { request: { type: REQUEST }, options: [other, wish] }))
    await lab.unanswered(pxe(client, 7, { request: { type: INFORM, ciaddr: CLIENT_ADDRESS } }))
    await lab.unanswered(pxe(client, 7, { request: { type: DECLINE }, options: [other, wish] }))
    await lab.unanswered(
      pxe(client, 7, { request: { type: RELEASE, ciaddr: CLIENT_ADDRESS }, options: [other] }),
      byUnicast(CLIENT_ADDRESS),
    )
  })

  row('Y2', 'UEFI gets an OFFER without address and lease, and nothing more than it needs', async (lab) => {
    const client = stranger(2)
    const offer = await lab.askOctets(vector('v01-ovmf-x64-pxe-discover', client), { sourceMac: client.mac })
    assert.deepEqual([offer.type, offer.yiaddr, offer.ciaddr], [OFFER, '0.0.0.0', '0.0.0.0'])
    assert.deepEqual([54, 60, 97].map(offer.option), [ip(SERVER), text('PXEClient'), '00'.repeat(17)])
    assert.deepEqual(
      offer.codes.filter((code) => ![53, 54, 60, 97].includes(code)),
      [],
    )
  })

  row('Y2.relayed', 'the OFFER goes to the relay, with its option 82', async (lab) => {
    const more = { giaddr: RELAY, hops: 1 }
    const offer = await lab.ask(pxe(stranger(2), 7, { request: more, options: [[82, '010474657374']] }), BY_RELAY)
    assert.deepEqual([offer.type, offer.to, offer.toPort, offer.yiaddr], [OFFER, RELAY, 67, '0.0.0.0'])
    assert.deepEqual(offer.instances.at(-1), { code: 82, value: '010474657374', area: 'options' })
  })

  row('Y3', 'UEFI: no option 43, and siaddr is the proxy, where it asks on 4011', async (lab) => {
    for (const arch of [6, 7, 9, 11]) {
      const offer = await lab.ask(pxe(stranger(3), arch))
      assert.deepEqual([offer.option(43), offer.siaddr], [undefined, SERVER], `architecture ${arch}`)
    }
  })

  row('Y4', 'BIOS: the file in the OFFER, and word to take it', async (lab) => {
    const client = stranger(4)
    const plain = vector('v04-ipxe-bios-discover', client, ['4d0469505845', ''], [IPXE_FEATURES, ''])
    const offer = await lab.askOctets(plain, { sourceMac: client.mac })
    assert.deepEqual([offer.type, offer.option(60), offer.option(43)], [OFFER, text('PXEClient'), '060108ff'])
    assert.deepEqual([bootFile(offer), offer.siaddr], [BOOT.bios, SERVER])
  })

  row('Y6', 'option 43 can be read', async (lab) => {
    const control = menuOf(await lab.ask(pxe(stranger(5), 0))).control
    assert.ok(control !== undefined && control <= 15, `discovery control ${control}`)
  })

  row('Y9', 'nothing to boot: no OFFER', async (lab) => {
    await lab.unanswered(pxe(stranger(6), 10))
  })

  row('Y10', 'UEFI HTTP boot: a URI, and the word HTTPClient', async (lab) => {
    for (const [name, file] of [
      ['v07-ovmf-x64-http-discover', BOOT.x64],
      ['v08-aavmf-arm64-http-discover', BOOT.arm64],
    ] as const) {
      const client = stranger(7)
      const offer = await lab.askOctets(vector(name, client), { sourceMac: client.mac })
      assert.deepEqual([offer.type, offer.yiaddr, offer.option(60)], [OFFER, '0.0.0.0', text('HTTPClient')])
      const uri = textOf(offer.option(67)) ?? ''
      assert.ok(uri.startsWith('http://') && uri.endsWith(`/${file}`), uri)
      assert.equal(offer.option(43), undefined)
    }
  })

  row('Y10.4011', 'and nothing on port 4011', async (lab) => {
    const vendor = 'HTTPClient:Arch:00016:UNDI:003016'
    await lab.unanswered(bootRequest(stranger(7), 16, { vendor }), to4011())
  })

  row('Y11', 'the Raspberry Pi finds its text in the menu', async (lab) => {
    const offer = await lab.ask(pxe(PI, 0, { options: [PI_GUID] }))
    assert.deepEqual([offer.type, offer.option(60), offer.option(97)], [OFFER, text('PXEClient'), PI_GUID[1]])
    assert.deepEqual(
      menuOf(offer).items.map(({ text }) => text.trimEnd()),
      ['Raspberry Pi Boot'],
    )
  })

  row('Y12', 'iPXE gets its script, not itself again', async (lab) => {
    for (const name of ['v04-ipxe-bios-discover', 'v05-ipxe-efi-discover']) {
      const client = stranger(8)
      const offer = await lab.askOctets(vector(name, client), { sourceMac: client.mac })
      assert.deepEqual([offer.type, offer.option(60)], [OFFER, text('PXEClient')])
      assert.match(bootFile(offer), BOOT.script, name)
    }
  })

  row('Y12.175', 'and so does an iPXE that says so by option 175 only', async (lab) => {
    const client = stranger(9)
    const offer = await lab.askOctets(vector('v05-ipxe-efi-discover', client, ['4d0469505845', '']), {
      sourceMac: client.mac,
    })
    assert.match(bootFile(offer), BOOT.script)
  })

  row('Y13', 'a machine that a rule leaves alone: silence', async (lab) => {
    await lab.unanswered(pxe(BOOT.ignored, 7))
    await lab.unanswered(pxe(BOOT.ignored, 0))
  })

  row('Y13.link', 'an interface that is not configured: silence', async (lab) => {
    const xid = lab.send(pxe(stranger(10), 7), { link: 'eth1' })
    await lab.settle()
    assert.deepEqual(lab.arrived(xid, 'eth1'), [])
  })

  row('A6', 'an OFFER without address goes to everyone, with the flag set', async (lab) => {
    const offer = await lab.ask(pxe(stranger(11), 7, { request: { flags: 0 } }))
    assert.deepEqual(
      [offer.destinationMac, offer.to, offer.toPort, offer.flags],
      [EVERYONE, '255.255.255.255', 68, 0x8000],
    )
  })
})

conformance('PXE 2.1 §2.2: boot menus', MENU_SITE, (row) => {
  row('Y5', 'the menu has control, servers, items and prompt, and ends', async (lab) => {
    const offer = await lab.ask(pxe(stranger(12), 0))
    const codes = [...readSubOptions(offer.option(43)!, { end: true }).keys()]
    assert.deepEqual(
      codes.toSorted((a, b) => a - b),
      [6, 8, 9, 10],
    )
    const { control, items } = menuOf(offer)
    assert.equal(control! & 8, 0, 'discovery is not to be skipped')
    assert.deepEqual(
      items.map(({ text }) => text),
      ['Local', 'Install', 'Other', 'Type9'],
    )
  })

  row('Y7', 'the prompt stands for the time configured', async (lab) => {
    assert.deepEqual(menuOf(await lab.ask(pxe(stranger(12), 0))).prompt, { seconds: 5, text: 'Press F8' })
  })

  row('Y8', 'the item for the local disk has type 0 and no servers', async (lab) => {
    const { items, servers } = menuOf(await lab.ask(pxe(stranger(12), 0)))
    const types = items.map(({ type }) => type)
    assert.equal(types[0], 0)
    assert.equal(servers.has(0), false)
    assert.deepEqual([servers.get(types[1]!), servers.get(types[2]!)], [[SERVER], ['192.168.77.9']])
  })
})
