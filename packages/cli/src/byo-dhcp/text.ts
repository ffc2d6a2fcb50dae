import type { BootModel, Row } from './model.ts'

const WIDTH = 110

/** A comment, broken into lines. */
export function comment(mark: string, text: string): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!
    if (line !== '' && mark.length + 2 + line.length + word.length > WIDTH) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines.map((line) => `${mark} ${line}`)
}

/** `x64-uefi (7), ebc (9)` */
export function typesOf({ types }: Pick<Row, 'types'>): string {
  return types.map(({ name, type }) => `${name} (${type})`).join(', ')
}

/** What every text says first, in sentences. */
export function introduction(model: BootModel, program: string, use: string): readonly string[] {
  const { tftp, http } = model.place
  return [
    `Network boot of Reboots by ${program}. ${use}`,
    `Boot files come from TFTP at ${tftp}, scripts and HTTP boot from ${http}. Do not run proxydhcp beside this.`,
    'Every machine that boots from the network gets iPXE; who boots what is decided when iPXE fetches its script.',
    ...(/^http:\/\/[\d.]+:\d+$/.test(http)
      ? []
      : ['The answers have to name a DNS server (option 6): UEFI HTTP boot looks the name of that host up.']),
  ]
}

export const WHO_IS_IPXE =
  'Second step: iPXE, which says what it is by its user class (77) or by option 175, gets the URL of its script. It fills in what stands in ${...} by itself, so this is the same for all machines.'

export const WHO_IS_FIRMWARE =
  'First step: firmware says its architecture in option 93 and gets iPXE. Option 60 must not be sent to PXE firmware, which would then look for a boot server on port 4011.'

export const HTTP_BOOT = 'UEFI HTTP boot takes a URL, and only from an answer whose option 60 says HTTPClient.'

/** What is left out, as sentences. */
export function omissions({ unserved }: BootModel): readonly string[] {
  return [
    ...unserved.map(({ types, why }) => `Left out, because ${why}: ${typesOf({ types })}.`),
    'Left out, because only its MAC address tells it from a PC: the boot ROM of a Raspberry Pi, which says x86-bios (0). UEFI on one says arm64-uefi (11).',
  ]
}

/** Four hexadecimal digits, as in option 93. */
export function hex16(type: number): string {
  return type.toString(16).padStart(4, '0')
}

/** Five decimal digits, as in option 60. */
export function decimal5(type: number): string {
  return String(type).padStart(5, '0')
}

export function byTransport({ rows }: BootModel): { readonly tftp: readonly Row[]; readonly http: readonly Row[] } {
  return {
    tftp: rows.filter(({ transport }) => transport === 'tftp'),
    http: rows.filter(({ transport }) => transport === 'http'),
  }
}
