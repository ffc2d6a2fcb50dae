import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bootFileInPath, macInScriptPath } from './script-path.ts'

const SCRIPTS: readonly [string, string | undefined][] = [
  ['/auto.ipxe', undefined],
  ['/ipxe/script/auto.ipxe', undefined],
  ['/ipxe/script/52:54:00:12:34:56/auto.ipxe', '52:54:00:12:34:56'],
  ['/ipxe/script/52-54-00-12-34-56/auto.ipxe', '52:54:00:12:34:56'],
  ['/5254.0012.3456/auto.ipxe', '52:54:00:12:34:56'],
  ['/ipxe/script/525400123456/auto.ipxe', '52:54:00:12:34:56'],
  ['/ipxe/script/52:54:00:AB:CD:EF/auto.ipxe', '52:54:00:ab:cd:ef'],
  ['/ipxe/script/52:54:00:12:34/auto.ipxe', undefined],
]

for (const [path, mac] of SCRIPTS) {
  test(`${path} names ${mac}`, () => assert.equal(macInScriptPath(path), mac))
}

const FILES: readonly [string, string, string | undefined][] = [
  ['ipxe.efi', 'ipxe.efi', undefined],
  ['52:54:00:12:34:56/ipxe.efi', 'ipxe.efi', '52:54:00:12:34:56'],
  ['52-54-00-12-34-56/arm64/snp.efi', 'arm64/snp.efi', '52:54:00:12:34:56'],
  ['undionly.kpxe-00-23b1e307bb35484f535a1f772c06910e-d887dc3912240434-01', 'undionly.kpxe', undefined],
  ['//ipxe.efi', 'ipxe.efi', undefined],
  ['525400123456', '525400123456', undefined],
]

for (const [path, file, mac] of FILES) {
  test(`binary ${path} is ${file}`, () => assert.deepEqual(bootFileInPath(path), { file, mac }))
}
