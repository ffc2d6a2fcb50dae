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

const INDENT = '      '
const IPXE = 'reboots-ipxe'

/** Classes for kea-dhcp4.conf: JSON with comments, as Kea reads it. */
export function kea(model: BootModel): string {
  const { tftp, http } = byTransport(model)
  const use =
    'Add the classes to "client-classes" of the Dhcp4 object in kea-dhcp4.conf, in this order, and reload Kea.'
  const classes = [
    ...say(WHO_IS_IPXE),
    ...ipxeClass(model),
    ...say(WHO_IS_FIRMWARE),
    ...tftp.flatMap((row) => tftpClass(row, model)),
    ...say(HTTP_BOOT),
    ...http.flatMap((row) => httpClass(row)),
  ]
  return [
    ...introduction(model, 'Kea', use).flatMap((text) => comment('//', text)),
    '{',
    '  "Dhcp4": {',
    ...addresses(model),
    '    "client-classes": [',
    // Each of them ends in a comma, and the last must not.
    ...classes.slice(0, -1),
    `${INDENT}}`,
    '    ]',
    '  }',
    '}',
    ...omissions(model).flatMap((text) => comment('//', text)),
    '',
  ].join('\n')
}

function say(text: string): string[] {
  return comment(`${INDENT}//`, text)
}

function addresses({ place: { subnet } }: BootModel): string[] {
  if (subnet === undefined) return []
  const pool = subnet.pool.join(' - ')
  return [
    ...comment(
      '    //',
      'The interfaces that are answered on and the addresses that are given out: change them to yours.',
    ),
    '    "interfaces-config": { "interfaces": ["*"] },',
    `    "subnet4": [{ "id": 1, "subnet": "${subnet.cidr}", "pools": [{ "pool": "${pool}" }] }],`,
  ]
}

function ipxeClass({ script, place }: BootModel): string[] {
  return object([
    ['name', IPXE],
    ['test', "option[175].exists or substring(option[77].hex, 0, 4) == 'iPXE'"],
    ['next-server', place.tftp],
    ['boot-file-name', script],
  ])
}

function tftpClass(row: Row, { place }: BootModel): string[] {
  return [
    ...say(typesOf(row)),
    ...object([
      ['name', `reboots-${row.name}`],
      ['test', testOf(row)],
      ['next-server', place.tftp],
      ['boot-file-name', row.file],
    ]),
  ]
}

function httpClass(row: Row): string[] {
  const members = object([
    ['name', `reboots-${row.name}`],
    ['test', testOf(row)],
    ['boot-file-name', row.file],
  ])
  const option = '{ "name": "vendor-class-identifier", "data": "HTTPClient", "always-send": true }'
  return [
    ...say(typesOf(row)),
    ...members.slice(0, -2),
    `${members.at(-2)},`,
    `${INDENT}  "option-data": [${option}]`,
    members.at(-1)!,
  ]
}

/** Of a list in option 93 the first is meant. */
function testOf({ types }: Row): string {
  const any = types.map(({ type }) => `substring(option[93].hex, 0, 2) == 0x${hex16(type)}`).join(' or ')
  return `not member('${IPXE}') and (${any})`
}

function object(members: readonly (readonly [name: string, value: string])[]): string[] {
  const lines = members.map(([name, value]) => `${INDENT}  "${name}": ${JSON.stringify(value)}`)
  return [`${INDENT}{`, ...lines.map((line, index) => (index < lines.length - 1 ? `${line},` : line)), `${INDENT}},`]
}
