import type { BootModel } from './model.ts'
import { byTransport, comment, typesOf } from './text.ts'

/** Numbered steps for a user interface; what is to be typed comes on lines of its own. */
export function numbered(steps: readonly (readonly [step: string, ...values: string[]])[]): string[] {
  return steps.flatMap(([step, ...values], index) => {
    const mark = `${String(index + 1).padStart(2)}.`
    const [first, ...rest] = comment('', step).map((line) => line.trimStart())
    return [`${mark} ${first}`, ...rest.map((line) => `    ${line}`), ...values.map((value) => `      ${value}`)]
  })
}

/** A paragraph. */
export function paragraph(text: string): string[] {
  return comment('', text).map((line) => line.trimStart())
}

/** The one-step way: what a server has to be told that gives every machine the same file. */
export function oneFileForAll(model: BootModel): string[] {
  const { tftp } = byTransport(model)
  return [
    ...paragraph(
      'The file is one for all machines of the network, so all of them have to have the same kind of firmware. This is the file for each:',
    ),
    ...tftp.map((row) => `      ${row.file.padEnd(20)} ${typesOf(row)}`),
    '',
    ...paragraph(
      'iPXE is given this file too when it asks. So that it does not load itself for ever, it first fetches autoexec.ipxe from the same TFTP server, which sends it on to its script: EFI files built after iPXE 1.21.1 do so, such as those of Debian 13.',
    ),
    ...paragraph(
      'undionly.kpxe and older EFI files (those of Debian 12) do not. Machines with BIOS need an iPXE that has these lines built in (make bin/undionly.kpxe EMBED=reboots.ipxe):',
    ),
    '      #!ipxe',
    '      dhcp',
    `      chain --autofree ${model.script}`,
    '',
    ...paragraph(
      'Machines whose network card has iPXE in its ROM need no file of their own: give them autoexec.ipxe as the file name.',
    ),
    ...paragraph(
      'UEFI HTTP boot cannot be served this way: it needs option 60. Neither can a network with several kinds of firmware: run proxydhcp in it (services/proxydhcp), or use a DHCP server that can tell machines apart.',
    ),
  ]
}
