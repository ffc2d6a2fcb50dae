import { dnsmasq } from './dnsmasq.ts'
import type { BootModel, BootPlace } from './model.ts'
import { numbered, oneFileForAll, paragraph } from './steps.ts'
import { introduction, omissions } from './text.ts'
import { usualFile } from './unifi.ts'

const FILE = '/usr/local/etc/dnsmasq.conf.d/reboots.conf'

/** Steps for the three DHCP servers that OPNsense has. */
export function opnsense(model: BootModel): string {
  const { place } = model
  return [
    ...introduction(model, 'OPNsense', 'It has three DHCP servers; do the steps of the one that runs.').flatMap(
      paragraph,
    ),
    '',
    'A. Services > Dnsmasq DNS & DHCP',
    '',
    ...paragraph(
      'The pages cannot say "unless it is iPXE", a file of its own beside them can: dnsmasq reads what is in this directory too.',
    ),
    ...numbered([
      ['System > Settings > Administration: let yourself in by Secure Shell, log in as root, and choose Shell.'],
      [`Write the lines at the end of this text to ${FILE}`],
      [
        'Services > Dnsmasq DNS & DHCP > DHCP options: remove options 60, 66 and 67, and what there is under DHCP boot.',
      ],
      ['Have it read the file:', 'configctl dnsmasq restart'],
    ]),
    '',
    'B. Services > ISC DHCPv4',
    '',
    ...numbered([
      [`Open ${interfaceOf(model)}, and there Network booting > Advanced.`],
      ['Tick Enable network booting, and fill in:', ...iscFields(model)],
      ['Save. Its pages know no other firmware than these; the rest gets nothing.'],
    ]),
    '',
    'C. Services > Kea DHCP > Kea DHCPv4',
    '',
    ...paragraph('Its pages give every machine of a subnet the same file: this is the one-step way.'),
    ...numbered([
      [
        place.subnet === undefined
          ? 'Subnets: edit the subnet of the machines.'
          : `Subnets: edit ${place.subnet.cidr}.`,
      ],
      [
        'Fill in:',
        `Next server           ${place.tftp}`,
        `TFTP server           ${place.tftp}`,
        `TFTP bootfile name    ${usualFile(model)}`,
      ],
      ['Save, and Apply.'],
    ]),
    '',
    ...oneFileForAll(model),
    '',
    ...omissions(model).flatMap(paragraph),
    '',
    `The lines for A, ${FILE}:`,
    '',
    dnsmasq({ ...model, place: withoutSubnet(model.place) }),
  ].join('\n')
}

/** The addresses are given out by its own pages. */
function withoutSubnet({ tftp, http, binaries }: BootPlace): BootPlace {
  return { tftp, http, binaries }
}

function interfaceOf({ place: { subnet } }: BootModel): string {
  return subnet === undefined ? 'the interface of the machines' : `the interface with ${subnet.cidr}`
}

function iscFields(model: BootModel): string[] {
  const fileOf = (name: string): string => model.rows.find((row) => row.name === name)?.file ?? '(leave empty)'
  return [
    `Set next-server IP                      ${model.place.tftp}`,
    `Set default bios filename               ${fileOf('bios')}`,
    `Set x86 UEFI (32-bit) filename          ${fileOf('uefi-ia32')}`,
    `Set x64 UEFI/EBC (64-bit) filename      ${fileOf('uefi-x64')}`,
    `Set iPXE boot filename                  ${model.script}`,
  ]
}
