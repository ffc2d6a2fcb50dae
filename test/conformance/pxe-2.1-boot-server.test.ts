import assert from 'node:assert/strict'
import { bootRequest, CLIENT_ADDRESS, pxe, stage4011, to4011 } from './src/boot-client.ts'
import { bootFile, vector, type Client } from './src/client.ts'
import { conformance } from './src/conformance.ts'
import type { Lab } from './src/lab.ts'
import { BOOT, MENU_SITE, MULTICAST_SITE, PROXY_SITE, SERVER, stranger } from './src/site.ts'
import { menuOf, type BootMenu } from './src/vendor-options.ts'
import { ip, text, textOf, u16 } from './src/wire/octets.ts'
import { readSubOptions } from './src/wire/reply.ts'
import { ACK, DECLINE, DISCOVER, INFORM, RELEASE, REQUEST, type Request } from './src/wire/request.ts'
import type { Reply } from './src/wire/wire.ts'

const UEFI = stranger(1)
const IPXE = stranger(2)
const OTHER_SERVER = ip('192.168.77.250')

/** UEFI asks from port 4011, without option 54. */
function ovmf(lab: Lab): Promise<Reply> {
  return lab.askOctets(vector('v03-ovmf-x64-binl-request', UEFI), { ...to4011(), sourceMac: UEFI.mac })
}

/** iPXE asks from port 68, with option 54. */
function ipxe(lab: Lab): Promise<Reply> {
  return lab.askOctets(vector('v06-ipxe-efi-proxy-request', IPXE), { ...to4011(68), sourceMac: IPXE.mac })
}

const EVERYBODY = { ...to4011(), to: '255.255.255.255' }

/** What a client asks that has chosen an item from a menu. */
function choosing(client: Client, { items }: BootMenu, text: string): Request {
  const { type } = items.find((item) => item.text === text)!
  return bootRequest(client, 0, { options: [[43, `4704${u16(type)}0000ff`]] })
}

conformance('PXE 2.1 §2.2.5: boot server on port 4011', PROXY_SITE, (row) => {
  row('B1', 'PXE clients are answered, others are not', async (lab) => {
    await lab.unanswered({ type: REQUEST, chaddr: UEFI.mac, ciaddr: CLIENT_ADDRESS }, to4011())
    await lab.unanswered(bootRequest(UEFI, 7, { vendor: 'MSFT 5.0' }), to4011())
    await lab.unanswered(bootRequest(UEFI, 7, { request: { op: 2 } }), to4011())
    for (const type of [DECLINE, RELEASE]) {
      await lab.unanswered(bootRequest(UEFI, 7, { request: { type } }), to4011())
    }
    assert.equal((await stage4011(lab, UEFI, 7)).type, ACK)
  })

  row('B1.inform', 'in INFORM too', async (lab) => {
    const ack = await stage4011(lab, UEFI, 7, { request: { type: INFORM } })
    assert.deepEqual([ack.type, bootFile(ack)], [ACK, BOOT.x64])
  })

  row('B1.discover', 'and in DISCOVER', async (lab) => {
    const reply = await stage4011(lab, UEFI, 7, { request: { type: DISCOVER } })
    assert.equal(bootFile(reply), BOOT.x64)
  })

  row('B2', 'the answer comes from port 4011, and goes where the question came from', async (lab) => {
    const address = CLIENT_ADDRESS
    const [uefi, loader] = [await ovmf(lab), await ipxe(lab)]
    assert.deepEqual([uefi.type, uefi.from, uefi.fromPort, uefi.to, uefi.toPort], [ACK, SERVER, 4011, address, 4011])
    assert.deepEqual(
      [loader.type, loader.from, loader.fromPort, loader.to, loader.toPort],
      [ACK, SERVER, 4011, address, 68],
    )
  })

  row('B3', 'a REQUEST with the address of another server is not answered', async (lab) => {
    assert.equal((await ovmf(lab)).option(54), ip(SERVER))
    assert.equal((await ipxe(lab)).option(54), ip(SERVER))
    await lab.unanswered(bootRequest(UEFI, 7, { options: [[54, OTHER_SERVER]] }), to4011())
  })

  row('B4', 'ciaddr is copied, yiaddr is 0', async (lab) => {
    for (const reply of [await ovmf(lab), await ipxe(lab)]) {
      assert.deepEqual([reply.ciaddr, reply.yiaddr], [CLIENT_ADDRESS, '0.0.0.0'])
    }
  })

  row('B5', 'boot file and server, 60, and 97 as it came', async (lab) => {
    const ack = await ovmf(lab)
    assert.deepEqual([bootFile(ack), ack.siaddr], [BOOT.x64, SERVER])
    assert.deepEqual([ack.option(60), ack.option(97)], [text('PXEClient'), '00'.repeat(17)])
    assert.deepEqual([51, 1, 3].map(ack.option), [undefined, undefined, undefined])
  })

  row('B5.asked', '66 and 67 for those who list them', async (lab) => {
    const ack = await ovmf(lab)
    assert.deepEqual([textOf(ack.option(66)), textOf(ack.option(67))], [SERVER, BOOT.x64])
  })

  row('B6', 'a boot item that nobody offered is not answered, nor is the local disk, nor credentials', async (lab) => {
    for (const item of ['470412340000ff', '470400000000ff', '470480008000ff']) {
      await lab.unanswered(bootRequest(stranger(3), 0, { options: [[43, item]] }), to4011())
    }
  })

  row('B7', 'BIOS without an item gets as ACK what it got as OFFER', async (lab) => {
    const offer = await lab.ask(pxe(stranger(4), 0))
    const ack = await stage4011(lab, stranger(4), 0)
    assert.deepEqual([ack.type, ack.option(43), ack.siaddr], [ACK, offer.option(43), offer.siaddr])
    assert.equal(bootFile(ack), bootFile(offer))
  })

  row('B9', 'iPXE finds PXE options in the answer, and its script', async (lab) => {
    const ack = await ipxe(lab)
    assert.deepEqual([ack.fromPort, ack.option(60)], [4011, text('PXEClient')])
    assert.match(bootFile(ack), BOOT.script)
  })
})

conformance('PXE 2.1 §2.2.5: boot items', MENU_SITE, (row) => {
  row('B6.item', 'the item of the menu has its file, and comes back in 43', async (lab) => {
    const client = stranger(6)
    const { items } = menuOf(await lab.ask(pxe(client, 0)))
    const { type } = items.find(({ text }) => text === 'Install')!
    const chosen = `${u16(type)}0000`
    const ack = await stage4011(lab, client, 0, { options: [[43, `4704${chosen}ff`]] })
    const confirmed = readSubOptions(ack.option(43)!, { end: true }).get(71)
    assert.deepEqual([ack.type, confirmed, ack.file], [ACK, chosen, 'undionly.0'])
  })
})

conformance('PXE 2.1 §2.2.5: boot servers found by broadcast', MENU_SITE, (row) => {
  row('B8.broadcast', 'an item of ours is answered, once, where option 43 allows to look for it', async (lab) => {
    const client = stranger(7)
    const menu = menuOf(await lab.ask(pxe(client, 0)))
    assert.equal(menu.control! & 1, 0, 'broadcast discovery is offered')
    const replies = await lab.askAll(choosing(client, menu, 'Install'), EVERYBODY)
    assert.deepEqual(
      replies.map(({ type, from, to, file }) => [type, from, to, file]),
      [[ACK, SERVER, CLIENT_ADDRESS, 'undionly.0']],
    )
  })

  row('B8.port67', 'and on port 67, where firmware looks by broadcast; nothing else is said there', async (lab) => {
    const client = stranger(11)
    const menu = menuOf(await lab.ask(pxe(client, 0)))
    const everybody = { from: CLIENT_ADDRESS, fromPort: 68, to: '255.255.255.255' }
    const replies = await lab.askAll(choosing(client, menu, 'Install'), everybody)
    assert.deepEqual(
      replies.map(({ type, from, to, toPort, file }) => [type, from, to, toPort, file]),
      [[ACK, SERVER, CLIENT_ADDRESS, 68, 'undionly.0']],
    )
    for (const text of ['Other', 'Type9', 'Local']) await lab.unanswered(choosing(client, menu, text), everybody)
    await lab.unanswered(bootRequest(client, 0), everybody)
  })

  row('B8.others', 'items of other boot servers are not answered, nor what nobody offered', async (lab) => {
    const client = stranger(8)
    const menu = menuOf(await lab.ask(pxe(client, 0)))
    for (const text of ['Other', 'Type9', 'Local']) await lab.unanswered(choosing(client, menu, text), EVERYBODY)
    await lab.unanswered(bootRequest(client, 0, { options: [[43, '470412340000ff']] }), EVERYBODY)
  })

  row('B8.group', 'nor is a group that option 43 does not name', async (lab) => {
    const client = stranger(9)
    const menu = menuOf(await lab.ask(pxe(client, 0)))
    assert.deepEqual([menu.control! & 2, menu.group], [2, undefined])
    await lab.unanswered(choosing(client, menu, 'Install'), { ...to4011(), to: '224.0.1.2' })
  })
})

conformance('PXE 2.1 §2.2.5: boot servers found by multicast', MULTICAST_SITE, (row) => {
  row('B8.multicast', 'the group that option 43 names is answered, once and for our items only', async (lab) => {
    const client = stranger(10)
    const menu = menuOf(await lab.ask(pxe(client, 0)))
    const { control, group } = menu
    assert.deepEqual([control! & 3, group], [1, '224.0.1.2'], 'multicast discovery is offered, and no broadcast')
    const replies = await lab.askAll(choosing(client, menu, 'Install'), { ...to4011(), to: group! })
    assert.deepEqual(
      replies.map(({ type, from, to, file }) => [type, from, to, file]),
      [[ACK, SERVER, CLIENT_ADDRESS, 'undionly.0']],
    )
    for (const text of ['Other', 'Type9'])
      await lab.unanswered(choosing(client, menu, text), { ...to4011(), to: group! })
  })
})
