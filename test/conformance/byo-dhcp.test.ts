import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { parseIpv4, parseMac } from '@reboots/protocol/net'
import { ARCHITECTURES, type Architecture, type BootClient } from '@reboots/protocol/pxe'
import { targetFor, UNKNOWN_MACHINE } from '@reboots/rules'
import { sections } from '@reboots/runtime'
import { BYO_SERVERS, printByoDhcp, requireTools, startByoServer, type ByoServer } from '@reboots/testkit'
import { pxe, type Boots } from './src/boot-client.ts'
import { bootFile, discover, select } from './src/client.ts'
import { Lab } from './src/lab.ts'
import { LINKS, SERVER_ON_ETH1, stranger, type Site } from './src/site.ts'
import type { Subject } from './src/subjects/subject.ts'
import { text, textOf } from './src/wire/octets.ts'
import { ACK, OFFER } from './src/wire/request.ts'
import type { Reply } from './src/wire/wire.ts'

// Every architecture type there is asks DHCP servers that run what `reboots byo-dhcp` prints, and gets what Reboots itself would say.

/** Not the DHCP server's address in this network: where the printed text says that Reboots is. */
const BOOT_HOST = SERVER_ON_ETH1
const ORIGIN = `http://${BOOT_HOST}:7080`
const WHERE = ['--tftp', BOOT_HOST, '--http', ORIGIN, '--subnet', '192.168.77.0/24']
const SITE: Site = { mode: 'dhcp', links: LINKS, subnets: [], machines: [] }
const CLIENT = stranger(1)
const SCRIPT = `${ORIGIN}/ipxe/script/\${netX/mac}/auto.ipxe?arch=\${platform}-\${buildarch}&uuid=\${uuid}`
const { binaries } = sections.boot.parse({ binaries: {} })

/** What matters of an answer; option 60 sends PXE firmware to port 4011, and HTTP boot takes no answer without it. */
interface Answer {
  readonly file: string
  readonly server: string | undefined
  readonly vendorClass: string | undefined
}

const NOTHING: Answer = { file: '', server: undefined, vendorClass: undefined }
const TO_SCRIPT: Answer = { file: SCRIPT, server: undefined, vendorClass: undefined }

function expected({ type, firmware, transport }: Architecture): Answer {
  const mac = parseMac(CLIENT.mac)!
  const about = { vendorClass: '', userClass: [], loader: 'firmware' } as const
  const client: BootClient = { mac, arch: type, archs: [type], firmware, transport, ...about }
  const tftp = { address: parseIpv4(BOOT_HOST)!, port: 69 }
  const servers = { tftp, http: ORIGIN, macFormat: 'colon', binaries } as const
  const target = targetFor({ kind: 'boot', profile: 'any' }, client, UNKNOWN_MACHINE, servers)
  if ('silent' in target) return NOTHING
  return transport === 'http'
    ? { file: target.file.replace(`/${mac}/`, '/'), server: undefined, vendorClass: 'HTTPClient' }
    : { file: target.file, server: BOOT_HOST, vendorClass: undefined }
}

/** The TFTP server counts for a name, not for a URL. */
function answerOf(reply: Reply): Answer {
  const file = bootFile(reply).replace(/\0$/, '')
  const isName = file !== '' && !file.startsWith('http:')
  return { file, server: isName ? reply.siaddr : undefined, vendorClass: textOf(reply.option(60)) }
}

/** The boot file has to be in the OFFER and in the ACK. */
async function assertAnswered(lab: Lab, arch: number, boots: Boots, wanted: Answer): Promise<void> {
  const { type: _, ...more } = pxe(CLIENT, arch, boots)
  const offer = await lab.ask(discover(CLIENT, more))
  const ack = await lab.ask(select(CLIENT, offer, more))
  assert.deepEqual([offer.type, answerOf(offer)], [OFFER, wanted])
  assert.deepEqual([ack.type, answerOf(ack)], [ACK, wanted])
}

async function printed(server: ByoServer): Promise<Pick<Subject, 'start'>> {
  const text = await printByoDhcp(server, ...WHERE)
  return {
    async start(host, directory) {
      const running = await startByoServer(server, text, host, directory)
      return {
        async crash() {
          await running.stop('SIGKILL')
        },
        malformed: () => Promise.reject(new Error('not asked here')),
      }
    },
  }
}

const FEATURES = '130101150101180101240101eb03011501'
const ipxe: readonly (readonly [how: string, boots: Boots])[] = [
  ['by its user class', { options: [[77, text('iPXE')]] }],
  ['by option 175', { options: [[175, FEATURES]] }],
  [
    'by both',
    {
      options: [
        [77, text('iPXE')],
        [175, FEATURES],
      ],
    },
  ],
]

for (const server of Object.values(BYO_SERVERS)) {
  const skip = requireTools({ root: true, commands: ['ip', server.command] })
  describe(`what byo-dhcp prints for ${server.name}`, { skip, timeout: 120_000 }, () => {
    let lab: Lab
    before(async () => {
      lab = await Lab.open(await printed(server), SITE)
    })
    after(() => lab?.close())

    test('every architecture type gets the file that Reboots would name, by TFTP or by HTTP', async () => {
      for (const row of ARCHITECTURES) {
        const client = row.transport === 'http' ? 'HTTPClient' : 'PXEClient'
        const vendor = `${client}:Arch:${String(row.type).padStart(5, '0')}:UNDI:003016`
        await assertAnswered(lab, row.type, { vendor }, expected(row))
      }
    })

    for (const [how, boots] of ipxe) {
      test(`iPXE, known ${how}, gets its script, whatever loaded it`, async () => {
        for (const arch of [0, 7, 11]) await assertAnswered(lab, arch, boots, TO_SCRIPT)
      })
    }

    test('a client that does not boot gets an address and nothing else', async () => {
      const vendor = 'android-dhcp-14'
      const request = pxe(CLIENT, 0, { vendor })
      const plain = { ...request, options: request.options!.filter(([code]) => code !== 93) }
      assert.deepEqual(answerOf(await lab.ask(plain)), NOTHING)
    })
  })
}
