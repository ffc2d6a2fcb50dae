import assert from 'node:assert/strict'
import { test } from 'node:test'
import { autoexecScript, httpOrigin, ownHttpOrigin, withAutoexec } from './autoexec.ts'
import type { BootFile, FileRefusal } from './ports.ts'

const SCRIPT = `#!ipxe
dhcp || exit 1
isset \${root-path} && goto as-ever ||
isset \${filename} || goto script
iseq \${filename} autoexec.ipxe && goto script ||
iseq \${filename} undionly.kpxe && goto script ||
iseq \${filename} ipxe.efi && goto script ||
imgfetch --name next \${filename} || goto as-ever
boot next ||
exit 1
:as-ever
autoboot ||
exit 1
:script
chain --autofree --replace http://192.0.2.5:7080/ipxe/script/\${netX/mac}/auto.ipxe?arch=\${platform}-\${buildarch}&uuid=\${uuid} ||
exit 1
`

test('the script goes to the boot script if DHCP names one of our own files, else where DHCP says', () => {
  assert.equal(autoexecScript('http://192.0.2.5:7080', ['undionly.kpxe', 'ipxe.efi', 'ipxe.efi', 'a b']), SCRIPT)
})

const hosts: readonly (readonly [httpHost: string | undefined, listening: string, origin: string])[] = [
  [undefined, '192.0.2.1', 'http://192.0.2.1:7080'],
  ['boot.example', '192.0.2.1', 'http://boot.example:7080'],
  [undefined, '0.0.0.0', 'http://${next-server}:7080'],
  [undefined, '::', 'http://${next-server}:7080'],
]
for (const [httpHost, listening, origin] of hosts) {
  test(`${listening} with httpHost ${httpHost}: ${origin}`, () =>
    assert.equal(httpOrigin({ httpHost, httpPort: 7080 }, listening), origin))
}

const own: readonly (readonly [httpHost: string | undefined, listening: string, origin: string | undefined])[] = [
  [undefined, '192.0.2.1', 'http://192.0.2.1:7080'],
  ['boot.example', '0.0.0.0', 'http://boot.example:7080'],
  [undefined, '0.0.0.0', undefined],
  [undefined, '::', undefined],
]
for (const [httpHost, listening, origin] of own) {
  test(`where this process finds ipxe-http, at ${listening} with httpHost ${httpHost}: ${origin}`, () =>
    assert.equal(ownHttpOrigin({ httpHost, httpPort: 7080 }, listening), origin))
}

test('a host that is none is refused', () => {
  assert.throws(
    () => httpOrigin({ httpHost: 'a b', httpPort: 7080 }, '192.0.2.1'),
    /boot\.httpHost is "a b", which is no host/,
  )
})

const file: BootFile = {
  name: 'on disk',
  size: 1,
  content: { read: () => undefined, load: () => Promise.resolve() },
  close() {},
}
const names: readonly (readonly [asked: readonly string[], onDisk: BootFile | FileRefusal, got: string])[] = [
  [['autoexec.ipxe'], 'missing', 'autoexec.ipxe'],
  [['sub/autoexec.ipxe'], 'missing', 'autoexec.ipxe'],
  [['52:54:00:00:00:01/autoexec.ipxe', 'autoexec.ipxe'], 'missing', 'autoexec.ipxe'],
  [['autoexec.ipxe'], file, 'on disk'],
  [['autoexec.ipxe'], 'outside-root', 'outside-root'],
  [['../autoexec.ipxe'], 'bad-name', 'bad-name'],
  [['my-autoexec.ipxe'], 'missing', 'missing'],
  [['other'], 'missing', 'missing'],
]
for (const [asked, onDisk, got] of names) {
  test(`${asked.join(', then ')}: ${got}`, async () => {
    const opened = await withAutoexec({ open: () => Promise.resolve(onDisk) }, SCRIPT).open(asked)
    assert.equal(typeof opened === 'string' ? opened : opened.name, got)
  })
}
