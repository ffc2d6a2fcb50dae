import { parseArgs } from 'node:util'
import { parseMac } from '@reboots/protocol/net'
import { bootModel } from './client.ts'

// Boots a model machine on an interface, to be run in a network namespace of its own:
// main.ts --interface eth0 --mac 52:54:00:88:00:01 --firmware uefi

const { values } = parseArgs({
  options: {
    interface: { type: 'string', default: 'eth0' },
    mac: { type: 'string', default: '' },
    firmware: { type: 'string', default: 'uefi' },
  },
})
const mac = parseMac(values.mac)
if (mac === undefined) throw new Error(`--mac: ${JSON.stringify(values.mac)} is no MAC address`)
const firmware = values.firmware === 'bios' ? 'bios' : 'uefi'
const { selected, ...boot } = await bootModel({ mac, firmware }, values.interface, (text) => console.error(text))
const kernel = selected && {
  url: selected.kernel.url,
  args: selected.kernel.args,
  length: selected.kernel.bytes.length,
}
const initrds = (selected?.initrds ?? []).map(({ url, bytes }) => ({ url, length: bytes.length }))
console.log(JSON.stringify({ ...boot, kernel, initrds }, undefined, 2))
