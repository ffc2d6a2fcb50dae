import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { run } from '@reboots/testkit'
import { LAB_MISSING as skip } from './lab.ts'

const DEMO = fileURLToPath(new URL('demo.ts', import.meta.url))

/** Lines that have to come in this order. */
const RUNS: readonly (readonly [what: string, args: readonly string[], lines: readonly RegExp[]])[] = [
  [
    'a virtual machine beside a stock DHCP server',
    [],
    [
      /power on +a virtual machine with UEFI firmware/,
      /DHCP +machine:68 → everyone:67 +DISCOVER: PXEClient/,
      /DHCP +site:67 → \S+ +ACK: address 192\.168\.88\.\d+, no boot file/,
      /DHCP +Reboots:4011 → machine:4011 +ACK on port 4011: no address, boot file ipxe\.efi/,
      /TFTP +Reboots:\d+ → machine:\d+ +ipxe\.efi: \d+ bytes/,
      /HTTP +machine:\d+ → Reboots:7080 +GET \S+auto\.ipxe/,
      /HTTP +Reboots:7080 → machine:\d+ +200: \d{8} bytes/,
      /console +kernel runs +Linux version/,
      /console +the first program runs/,
      /hello=from-the-hardware-record/,
    ],
  ],
  [
    'a model client, Reboots as the DHCP server',
    ['--full', '--model'],
    [
      /A model client boots instead/,
      /power on +a model client/,
      /DHCP +Reboots:67 → everyone:68 +ACK: address 192\.168\.88\.77, boot file ipxe\.efi/,
      /TFTP +Reboots:\d+ → machine:\d+ +ipxe\.efi: \d+ bytes/,
      /GET \S+auto\.ipxe/,
      /GET \S+vmlinuz/,
      /console +a machine would start now +http:\S+vmlinuz/,
      /hello=from-the-hardware-record/,
    ],
  ],
]

for (const [what, args, lines] of RUNS) {
  test(`the demo shows ${what}`, { skip }, async () => {
    const output = await run({ command: process.execPath, args: [DEMO, ...args] })
    const found = output.split('\n')
    let from = 0
    for (const line of lines) {
      const at = found.findIndex((text, index) => index >= from && line.test(text))
      assert.notEqual(at, -1, `${line} after line ${from} of\n${output}`)
      from = at + 1
    }
    // oxlint-disable-next-line no-control-regex -- colour is for terminals
    assert.doesNotMatch(output, /\x1b/)
  })
}
