import assert from 'node:assert/strict'
import { test } from 'node:test'
import { architecture } from '@reboots/protocol/pxe'
import { archInQuery } from './script-arch.ts'

const rows: readonly (readonly [text: string | undefined, firmware: string | undefined])[] = [
  ['7', 'uefi-x64'],
  ['0', 'bios'],
  ['pcbios-i386', 'bios'],
  ['pcbios-x86_64', 'bios'],
  ['efi-i386', 'uefi-ia32'],
  ['efi-x86_64', 'uefi-x64'],
  ['efi-arm32', 'uefi-arm32'],
  ['efi-arm64', 'uefi-arm64'],
  ['efi-riscv64', 'uefi-riscv64'],
  ['efi-loong64', 'uefi-loongarch64'],
  ['linux-x86_64', undefined],
  ['-', undefined],
  ['${platform}-${buildarch}', undefined],
  ['700000', undefined],
  ['', undefined],
  [undefined, undefined],
]
for (const [text, firmware] of rows) {
  test(`arch=${text} is ${firmware}`, () => {
    const arch = archInQuery(text)
    assert.equal(arch === undefined ? undefined : architecture(arch)?.firmware, firmware)
  })
}
