import type { BootModel } from './model.ts'
import { numbered, oneFileForAll, paragraph } from './steps.ts'
import { byTransport, introduction, omissions } from './text.ts'

/** Steps for UniFi Network: its DHCP server gives every machine of a network the same answer. */
export function unifi(model: BootModel): string {
  const { place } = model
  const file = usualFile(model)
  const network = place.subnet === undefined ? 'the network of the machines' : `the network ${place.subnet.cidr}`
  return [
    ...introduction(
      model,
      'a UniFi gateway',
      'Its DHCP server cannot tell machines apart: this is the one-step way.',
    ).flatMap(paragraph),
    '',
    ...numbered([
      [`In UniFi Network open Settings > Networks, and there ${network}.`],
      ['Under DHCP choose DHCP Server, and beside DHCP Service Management choose Show Options.'],
      ['Tick Network Boot, and fill in its two fields:', `server      ${place.tftp}`, `file name   ${file}`],
      ['Tick TFTP Server (option 66), and fill in:', place.tftp],
      ['Remove custom options 43 and 60, if this network has any.'],
      ['Apply Changes.'],
    ]),
    '',
    ...oneFileForAll(model),
    '',
    ...omissions(model).flatMap(paragraph),
    '',
  ].join('\n')
}

/** What most machines are. */
export function usualFile(model: BootModel): string {
  const { tftp } = byTransport(model)
  const usual = tftp.find(({ name }) => name === 'uefi-x64') ?? tftp[0]
  return usual?.file ?? 'autoexec.ipxe'
}
