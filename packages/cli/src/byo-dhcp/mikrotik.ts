import type { BootModel, Row } from './model.ts'
import {
  byTransport,
  comment,
  hex16,
  HTTP_BOOT,
  introduction,
  omissions,
  typesOf,
  WHO_IS_FIRMWARE,
  WHO_IS_IPXE,
} from './text.ts'

/** A script for `/import`. */
export function mikrotik(model: BootModel): string {
  const { place, script } = model
  const { tftp, http } = byTransport(model)
  const use =
    'Save this as reboots.rsc on the router, write the name of your DHCP server below, and run: /import reboots.rsc'
  const network = place.subnet === undefined ? 'find' : `find where address="${place.subnet.cidr}"`
  return [
    ...introduction(model, 'RouterOS 7.16 or later', use).flatMap(say),
    ':local server "dhcp1"',
    '',
    ...say('A matcher without a pool gives addresses to static leases only.'),
    ':local pool [/ip dhcp-server get [find name=$server] address-pool]',
    '',
    ...say('The TFTP server, in the header of every answer.'),
    `/ip dhcp-server network set [${network}] next-server=${place.tftp}`,
    '',
    ...say(`${WHO_IS_IPXE} This matcher has to stay before the others, or iPXE loads itself for ever.`),
    `# ${script}`,
    `/ip dhcp-server option add name="reboots-ipxe" code=67 value=0x${hexOf(script)}`,
    '/ip dhcp-server option sets add name="reboots-ipxe" options="reboots-ipxe"',
    matcher('reboots-ipxe', 'reboots-ipxe', `code=77 matching-type=substring value="iPXE"`),
    '',
    ...say(`${WHO_IS_FIRMWARE} File names end in a zero octet, because some firmware reads on without one.`),
    ...tftp.flatMap((row) => answer(row, `${row.file}\0`, nameOf(row))),
    '',
    ...say(HTTP_BOOT),
    `/ip dhcp-server option add name="reboots-httpclient" code=60 value="'HTTPClient'" force=yes`,
    ...http.flatMap((row) => answer(row, row.file, `${nameOf(row)},reboots-httpclient`)),
    '',
    ...omissions(model).flatMap(say),
    '',
  ].join('\n')
}

function say(text: string): string[] {
  return comment('#', text)
}

function answer(row: Row, file: string, options: string): string[] {
  return [
    `# ${typesOf(row)}: ${row.file}`,
    `/ip dhcp-server option add name="${nameOf(row)}" code=67 value=0x${hexOf(file)}`,
    `/ip dhcp-server option sets add name="${nameOf(row)}" options="${options}"`,
    ...row.types.map(({ type }) =>
      matcher(`${nameOf(row)}-${type}`, nameOf(row), `code=93 matching-type=exact value=0x${hex16(type)}`),
    ),
  ]
}

function matcher(name: string, set: string, condition: string): string {
  return `/ip dhcp-server matcher add name="${name}" server=$server address-pool=$pool ${condition} option-set="${set}"`
}

function nameOf({ name }: Row): string {
  return `reboots-${name}`
}

/** As hexadecimal digits: the console would take `$` and `?` for its own, and an address in quotes for an address. */
function hexOf(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex')
}
