import assert from 'node:assert/strict'
import { pxe, stage4011 } from './src/boot-client.ts'
import { bootFile } from './src/client.ts'
import { conformance } from './src/conformance.ts'
import { BOOT, PROXY_SITE, stranger } from './src/site.ts'
import { text } from './src/wire/octets.ts'
import { ACK, OFFER } from './src/wire/request.ts'

const GUID = '00aabbccdd11223344556677889900eeff'
const NO_GUID = '00'.repeat(17)

/** Architectures with their boot files; 9 stands for x64 too (RFC 4578 as it was first printed). */
const SERVED: readonly (readonly [arch: number, file: string])[] = [
  [6, BOOT.ia32],
  [7, BOOT.x64],
  [9, BOOT.x64],
  [11, BOOT.arm64],
]
/** Architectures that the site has no file for, and one that IANA has never given out. */
const NOT_SERVED = [1, 2, 8, 10, 12, 21, 22, 25, 31, 33, 35, 9999]
/** The same firmware when it boots by HTTP. */
const SERVED_BY_HTTP: readonly (readonly [arch: number, file: string])[] = [
  [15, BOOT.ia32],
  [16, BOOT.x64],
  [19, BOOT.arm64],
]

conformance('RFC 4578: PXE options', PROXY_SITE, (row) => {
  row('X93', 'the first of several types counts', async (lab) => {
    for (const list of ['00070009', '0007000b']) {
      const ack = await stage4011(lab, stranger(1), 7, { options: [[93, list]] })
      assert.deepEqual([ack.type, bootFile(ack)], [ACK, BOOT.x64], list)
    }
  })

  row('X93.later', 'the first that is known, that is', async (lab) => {
    const ack = await stage4011(lab, stranger(1), 7, { options: [[93, '270f0007']] })
    assert.deepEqual([ack.type, bootFile(ack)], [ACK, BOOT.x64])
  })

  row('X94', 'an option 94 of two octets, or of none, is passed over', async (lab) => {
    for (const value of ['0103', '']) {
      const offer = await lab.ask(pxe(stranger(2), 7, { options: [[94, value]] }))
      assert.deepEqual([offer.type, offer.option(60)], [OFFER, text('PXEClient')], value)
    }
  })

  row('X97', 'a GUID comes back, of zeros too; none was sent, none comes back', async (lab) => {
    for (const guid of [GUID, NO_GUID]) {
      assert.equal((await lab.ask(pxe(stranger(3), 7, { options: [[97, guid]] }))).option(97), guid)
      assert.equal((await stage4011(lab, stranger(3), 7, { options: [[97, guid]] })).option(97), guid)
    }
    const without = await lab.ask(pxe(stranger(3), 7))
    assert.deepEqual([without.type, without.option(97)], [OFFER, undefined])
  })

  row('X97.broken', 'one of another length or type is passed over, the client served', async (lab) => {
    for (const guid of ['0011223344', `${GUID}00`, `01${GUID.slice(2)}`]) {
      const offer = await lab.ask(pxe(stranger(4), 7, { options: [[97, guid]] }))
      assert.deepEqual([offer.type, offer.option(97)], [OFFER, undefined], guid)
    }
  })

  row('X97b', 'a rule names a UUID as SMBIOS prints it', async (lab) => {
    const refused = await stage4011(lab, stranger(5), 7, { options: [[97, BOOT.refusedGuid]] })
    // The same text with its octets in plain order is another machine.
    const plain = `00${BOOT.refusedUuid.replaceAll('-', '')}`
    const other = await stage4011(lab, stranger(5), 7, { options: [[97, plain]] })
    assert.deepEqual([bootFile(refused), bootFile(other)], [BOOT.refused, BOOT.x64])
  })

  row('X60', 'PXEClient is served, whatever stands behind it; other vendor classes are not', async (lab) => {
    for (const vendor of ['PXEClient', 'PXEClient:', 'PXEClient:Arch:00007']) {
      const offer = await lab.ask(pxe(stranger(6), 7, { vendor }))
      assert.deepEqual([offer.type, offer.option(60)], [OFFER, text('PXEClient')], vendor)
    }
    for (const vendor of ['MSFT 5.0', 'pxeclient', 'XPXEClient', '']) {
      await lab.unanswered(pxe(stranger(6), 7, { vendor }))
    }
  })

  row('X60.93', 'option 93 is believed before option 60', async (lab) => {
    const ack = await stage4011(lab, stranger(7), 7, { vendor: 'PXEClient:Arch:00000:UNDI:002001' })
    assert.equal(bootFile(ack), BOOT.x64)
  })

  row('X60.http', 'HTTPClient is served, as such', async (lab) => {
    const offer = await lab.ask(pxe(stranger(8), 16, { vendor: 'HTTPClient:Arch:00016:UNDI:003016' }))
    assert.deepEqual([offer.type, offer.option(60)], [OFFER, text('HTTPClient')])
  })

  row('XAR', 'each architecture gets its boot file', async (lab) => {
    for (const [arch, file] of SERVED) {
      assert.equal((await lab.ask(pxe(stranger(9), arch))).type, OFFER, `architecture ${arch}`)
      assert.equal(bootFile(await stage4011(lab, stranger(9), arch)), file, `architecture ${arch}`)
    }
    assert.equal((await lab.ask(pxe(stranger(9), 0))).type, OFFER)
  })

  row('XAR.none', 'an architecture without a boot file gets no OFFER', async (lab) => {
    for (const arch of NOT_SERVED) await lab.unanswered(pxe(stranger(10), arch))
  })

  row('XAR.http', 'and so does each that boots by HTTP', async (lab) => {
    for (const [arch, file] of SERVED_BY_HTTP) {
      const offer = await lab.ask(
        pxe(stranger(11), arch, { vendor: `HTTPClient:Arch:${String(arch).padStart(5, '0')}` }),
      )
      assert.match(
        bootFile(offer),
        new RegExp(`^http://[^/]+/.*${file.replaceAll('.', '\\.')}$`),
        `architecture ${arch}`,
      )
    }
  })
})
