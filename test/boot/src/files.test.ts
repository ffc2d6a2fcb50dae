import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { LAB_MISSING as skip, MAC, recordOf } from './lab.ts'
import { ORIGIN, withNetwork, type Network, type NetworkOptions } from './network.ts'
import type { ServiceName } from './stack.ts'

// curl, from another computer of the network, against what the machines are given.

const SERVICES: readonly ServiceName[] = ['hardware', 'rules-engine', 'ipxe-http']
const FILES: readonly (readonly [path: string, source: string])[] = [
  ['/files/vmlinuz', 'files/vmlinuz'],
  ['/files/initramfs', 'files/initramfs'],
  ['/ipxe/binary/ipxe.efi', '/usr/lib/ipxe/ipxe.efi'],
  [`/ipxe/binary/${MAC}/ipxe.efi`, '/usr/lib/ipxe/ipxe.efi'],
  ['/ipxe/binary/undionly.kpxe', '/usr/lib/ipxe/undionly.kpxe'],
]
const RANGES: readonly (readonly [range: string, slice: (bytes: Buffer) => Buffer])[] = [
  ['0-0', (bytes) => bytes.subarray(0, 1)],
  ['0-1023', (bytes) => bytes.subarray(0, 1024)],
  ['1000-', (bytes) => bytes.subarray(1000)],
  ['-500', (bytes) => bytes.subarray(-500)],
  ['65535-65536', (bytes) => bytes.subarray(65535, 65537)],
]

test('curl fetches every boot file byte for byte, whole, in ranges, resumed, and by HEAD', { skip }, async () => {
  const options: NetworkOptions = { label: 'files', services: SERVICES, records: [recordOf('files')], ipv6: 'none' }
  await withNetwork(options, async (network) => {
    const client = await network.lan.addHost('client', { address: '192.168.88.99/24' })
    const curl = (...args: string[]): Promise<string> =>
      client.run('curl', '--silent', '--show-error', '--fail', ...args)
    const target = join(network.directory, 'fetched')
    for (const [path, source] of FILES) {
      const url = `${ORIGIN}${path}`
      const bytes = await readFile(sourceOf(network, source))
      await curl('--output', target, url)
      assert.ok(bytes.equals(await readFile(target)), path)
      for (const [range, slice] of RANGES) {
        const status = await curl('--output', target, '--range', range, '--write-out', '%{http_code}', url)
        assert.equal(status, '206', `${path} ${range}`)
        assert.ok(slice(bytes).equals(await readFile(target)), `${path} ${range}`)
      }
      // What is left of a broken download is continued.
      await curl('--output', target, '--range', '0-9999', url)
      await curl('--output', target, '--continue-at', '-', url)
      assert.ok(bytes.equals(await readFile(target)), `${path} resumed`)
      const head = await curl('--head', url)
      assert.match(head, new RegExp(`^content-length: ${bytes.length}\r$`, 'im'), path)
    }
  })
})

const REFUSED: readonly (readonly [path: string, status: string])[] = [
  ['/files/nothing', '404'],
  ['/files/../hardware.yaml', '404'],
  ['/files/%2e%2e/hardware.yaml', '404'],
  ['/ipxe/script/52:54:00:99:99:99/auto.ipxe', '404'],
]

test('curl gets nothing that is not a boot file', { skip }, async () => {
  const options: NetworkOptions = {
    label: 'files-refused',
    services: SERVICES,
    records: [recordOf('files')],
    ipv6: 'none',
  }
  await withNetwork(options, async (network) => {
    for (const [path, status] of REFUSED) {
      const args = ['--silent', '--path-as-is', '--output', '/dev/null', '--write-out', '%{http_code}']
      assert.equal(await network.reboots.run('curl', ...args, `${ORIGIN}${path}`), status, path)
    }
  })
})

function sourceOf(network: Network, source: string): string {
  return source.startsWith('/') ? source : join(network.directory, source)
}
