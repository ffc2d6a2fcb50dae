import assert from 'node:assert/strict'
import { bootRequest, CLIENT_ADDRESS, pxe, stage4011, to4011 } from './src/boot-client.ts'
import { vector } from './src/client.ts'
import { conformance } from './src/conformance.ts'
import type { Lab } from './src/lab.ts'
import { BOOT, MENU_SITE, PROXY_SITE, SERVER, stranger } from './src/site.ts'
import { menuOf } from './src/vendor-options.ts'
import { ip, text, u16 } from './src/wire/octets.ts'
import { ACK, OFFER, type RequestOption } from './src/wire/request.ts'
import { readSubOptions, type Message } from './src/wire/reply.ts'

/* Answers that dnsmasq was once heard to give, octet for octet, where PXE leaves no choice: whoever serves PXE gives these. */

const GUID = '00000102030405060708090a0b0c0d0e0f'
const WITH_GUID: readonly RequestOption[] = [[97, GUID]]

/** Option 43 of the menu; a server gives types of its own to its own entries. */
function menuWith(own: string): string {
  const servers = `080e${own}01${ip(SERVER)}800101${ip('192.168.77.9')}`
  const items = `09220000${counted('Local')}${own}${counted('Install')}8001${counted('Other')}0009${counted('Type9')}`
  return `060102${servers}${items}0a0905${text('Press F8')}ff`
}

function counted(title: string): string {
  return `0${title.length}${text(title)}`
}

function typeOfInstall(message: Message): string {
  return u16(menuOf(message).items.find(({ text }) => text === 'Install')!.type)
}

conformance('Golden answers: no menu', PROXY_SITE, (row) => {
  row('Y3.golden', 'the OFFER to UEFI: 53, 54, 60, 97, the broadcast flag, 300 octets', async (lab) => {
    for (const arch of [7, 11]) {
      const offer = await lab.ask(pxe(stranger(20), arch, { options: WITH_GUID, request: { flags: 0 } }))
      assert.deepEqual(
        [53, 54, 60, 97].map(offer.option),
        [`0${OFFER}`, ip(SERVER), text('PXEClient'), GUID],
        `architecture ${arch}`,
      )
      assert.deepEqual([offer.flags, offer.siaddr, offer.octets.length], [0x8000, SERVER, 300])
      assert.deepEqual(offer.codes.toSorted(byNumber), [53, 54, 60, 97])
    }
  })

  row('B5.golden', 'the ACK to UEFI, that names us in 54 or nobody', async (lab) => {
    for (const more of ['', `3604${ip(SERVER)}`]) {
      const client = stranger(21)
      const octets = vector('v03-ovmf-x64-binl-request', client, ['390205c0', `390205c0${more}`])
      const ack = await lab.askOctets(octets, { ...to4011(), sourceMac: client.mac })
      const { type, ciaddr, yiaddr, siaddr, sname, file } = ack
      assert.deepEqual(
        [type, ciaddr, yiaddr, siaddr, sname, file],
        [ACK, CLIENT_ADDRESS, '0.0.0.0', SERVER, SERVER, BOOT.x64],
      )
      assert.deepEqual([53, 54, 60].map(ack.option), [`0${ACK}`, ip(SERVER), text('PXEClient')])
    }
  })
})

conformance('Golden answers: a menu', MENU_SITE, (row) => {
  const offered = (lab: Lab): Promise<Message> => lab.ask(pxe(stranger(22), 0, { options: WITH_GUID }))

  row('Y5.golden', 'option 43 of the OFFER', async (lab) => {
    const offer = await offered(lab)
    assert.equal(offer.option(43), menuWith(typeOfInstall(offer)))
    assert.deepEqual([53, 54, 60, 97].map(offer.option), [`0${OFFER}`, ip(SERVER), text('PXEClient'), GUID])
    assert.deepEqual([offer.file, offer.codes.toSorted(byNumber)], ['', [43, 53, 54, 60, 97]])
  })

  row('B7.golden', 'the ACK to a ROM that has not chosen: the same, and no file', async (lab) => {
    const offer = await offered(lab)
    const ack = await stage4011(lab, stranger(22), 0, { options: WITH_GUID })
    assert.deepEqual([ack.type, ack.file, ack.option(43)], [ACK, '', offer.option(43)])
  })

  row(
    'B6.golden',
    'the ACK to one that has: its file by its layer, and what it chose; silence for the disk',
    async (lab) => {
      const own = typeOfInstall(await offered(lab))
      for (const layer of ['0000', '0001']) {
        const ack = await stage4011(lab, stranger(22), 0, { options: [[43, `4704${own}${layer}ff`]] })
        const chosen = readSubOptions(ack.option(43)!, { end: true }).get(71)
        assert.deepEqual([ack.type, chosen, ack.file], [ACK, `${own}${layer}`, `undionly.${Number(layer)}`])
      }
      await lab.unanswered(bootRequest(stranger(22), 0, { options: [[43, '470400000000ff']] }), to4011())
    },
  )
})

function byNumber(a: number, b: number): number {
  return a - b
}
