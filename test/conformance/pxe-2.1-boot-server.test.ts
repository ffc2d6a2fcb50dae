import assert from 'node:assert/strict'
import { bootRequest, CLIENT_ADDRESS, pxe, stage4011, to4011 } from './src/boot-client.ts'
import { bootFile, vector } from './src/client.ts'
import { conformance } from './src/conformance.ts'
import type { Lab } from './src/lab.ts'
import { BOOT, MENU_SITE, PROXY_SITE, SERVER, stranger } from './src/site.ts'
import { menuOf } from './src/vendor-options.ts'
import { ip, text, textOf, u16 } from './src/wire/octets.ts'
import { readSubOptions } from './src/wire/reply.ts'
import { ACK, DECLINE, DISCOVER, INFORM, RELEASE, REQUEST } from './src/wire/request.ts'
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

  row('B8', 'discovery by multicast, where option 43 names a group, is answered once', async (lab) => {
    const { control, group } = menuOf(await lab.ask(pxe(stranger(5), 0)))
    assert.ok(control !== undefined && (control & 2) === 0 && group !== undefined, 'multicast discovery is offered')
    const request = bootRequest(stranger(5), 0)
    assert.equal((await lab.askAll(request, { ...to4011(), to: group })).length, 1)
  })

  row('B8.broadcast', 'discovery by broadcast, where option 43 does not forbid it', async (lab) => {
    const { control = 0 } = menuOf(await lab.ask(pxe(stranger(5), 0)))
    const replies = await lab.askAll(bootRequest(stranger(5), 0), { ...to4011(), to: '255.255.255.255' })
    assert.equal(replies.length, (control & 1) === 0 ? 1 : 0)
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
