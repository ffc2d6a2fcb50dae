import type { BootModel, BootPlace, Row } from './model.ts'
import {
  byTransport,
  comment,
  HTTP_BOOT,
  introduction,
  omissions,
  typesOf,
  WHO_IS_FIRMWARE,
  WHO_IS_IPXE,
} from './text.ts'

const IPXE = 'reboots-ipxe'

/** A file for /etc/dnsmasq.d. */
export function dnsmasq(model: BootModel): string {
  const { place, script } = model
  const { tftp, http } = byTransport(model)
  const use = 'Put this into a file in /etc/dnsmasq.d and restart dnsmasq.'
  return [
    ...introduction(model, 'dnsmasq', use).flatMap(say),
    ...addresses(model),
    '',
    ...say(WHO_IS_IPXE),
    `dhcp-userclass=set:${IPXE},iPXE`,
    `dhcp-match=set:${IPXE},175`,
    `dhcp-boot=tag:${IPXE},${script},,${place.tftp}`,
    '',
    ...say(WHO_IS_FIRMWARE),
    ...tftp.flatMap((row) => match(row).concat(boot(row, place))),
    '',
    ...say(HTTP_BOOT),
    ...http.flatMap((row) => match(row).concat(httpClient(row), boot(row, place))),
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
    `dhcp-range=${subnet.pool.join(',')},${subnet.netmask},1h`,
  ]
}

function match(row: Row): string[] {
  return [
    `# ${typesOf(row)}`,
    ...row.types.map(({ type }) => `dhcp-match=set:${tagOf(row)},option:client-arch,${type}`),
  ]
}

function httpClient(row: Row): string {
  return `dhcp-option-force=tag:!${IPXE},tag:${tagOf(row)},60,HTTPClient`
}

function boot(row: Row, { tftp }: BootPlace): string {
  return `dhcp-boot=tag:!${IPXE},tag:${tagOf(row)},${row.file},,${tftp}`
}

function tagOf({ name }: Row): string {
  return `reboots-${name}`
}
