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

/** Statements for dhcpd.conf, outside of any subnet. */
export function isc(model: BootModel): string {
  const { place, script } = model
  const { tftp, http } = byTransport(model)
  const use = 'Put this into dhcpd.conf (or include it there), outside of any subnet, and restart dhcpd.'
  return [
    ...introduction(model, 'ISC dhcpd', use).flatMap(say),
    '',
    ...say('Names for the options that are looked at. Where dhcpd.conf has a name for 175 already, take that one.'),
    'option reboots-arch code 93 = string;',
    'option reboots-ipxe code 175 = string;',
    ...addresses(model),
    '',
    ...say(WHO_IS_IPXE),
    'if exists reboots-ipxe or option user-class = "iPXE" {',
    `  next-server ${place.tftp};`,
    `  filename "${script}";`,
    '}',
    ...say(WHO_IS_FIRMWARE),
    ...tftp.flatMap((row) => branch(row, [`next-server ${place.tftp};`])),
    ...say(HTTP_BOOT),
    ...http.flatMap((row) => branch(row, ['option vendor-class-identifier "HTTPClient";'])),
    '',
    ...omissions(model).flatMap(say),
    '',
  ].join('\n')
}

function say(text: string): string[] {
  return comment('#', text)
}

function addresses({ place: { subnet } }: BootModel): string[] {
  if (subnet === undefined) return []
  return [
    '',
    ...say('The addresses that are given out: change them to yours.'),
    `subnet ${subnet.network} netmask ${subnet.netmask} {`,
    `  range ${subnet.pool.join(' ')};`,
    '}',
  ]
}

/** Of a list in option 93 the first is meant. */
function branch(row: Row, statements: readonly string[]): string[] {
  const tests = row.types.map(({ type }) => `substring(option reboots-arch, 0, 2) = ${octets(type)}`)
  return [
    `# ${typesOf(row)}`,
    `elsif ${tests.join(' or ')} {`,
    ...statements.map((line) => `  ${line}`),
    `  filename "${row.file}";`,
    '}',
  ]
}

/** `00:07` */
function octets(type: number): string {
  return hex16(type).replace(/^../, '$&:')
}
