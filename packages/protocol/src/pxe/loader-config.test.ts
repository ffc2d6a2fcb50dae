import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMac } from '../net/index.ts'
import { isGrubConfig, loaderConfigIn, loaderConfigPath } from './loader-config.ts'

const mac = parseMac('52:54:00:ab:cd:ef')!
const grub = { loader: 'grub', mac } as const
const pxelinux = { loader: 'pxelinux', mac } as const

const rows: readonly (readonly [path: string, asks: object | undefined])[] = [
  ['grub/grub.cfg-01-52-54-00-ab-cd-ef', grub],
  ['/boot/grub/grub.cfg-01-52-54-00-AB-CD-EF', grub],
  ['grub.cfg-01-52-54-00-ab-cd-ef', grub],
  ['grub/grub.cfg-01-52:54:00:ab:cd:ef', grub],
  ['pxelinux.cfg/01-52-54-00-ab-cd-ef', pxelinux],
  ['/bios/pxelinux.cfg/01-52-54-00-ab-cd-ef', pxelinux],
  ['my-grub.cfg-01-52-54-00-ab-cd-ef', undefined],
  ['grub/grub.cfg-01-52-54-00-ab-cd-ef.lst', undefined],
  ['grub/grub.cfg-01-52-54-00-ab-cd', undefined],
  ['grub/grub.cfg-01-5254-00-ab-cd-ef-00', undefined],
  ['grub/grub.cfg-C0A85801', undefined],
  ['grub/grub.cfg', undefined],
  ['pxelinux.cfg/20-52-54-00-ab-cd-ef', undefined],
  ['pxelinux.cfg/b8945908-d6a6-41a9-611d-74a6ab80b83d', undefined],
  ['pxelinux.cfg/default', undefined],
  ['01-52-54-00-ab-cd-ef', undefined],
  ['', undefined],
]
for (const [path, asks] of rows) {
  test(`loaderConfigIn ${JSON.stringify(path)}`, () => assert.deepEqual(loaderConfigIn(path), asks))
}

test('what GRUB asks for, whichever machine it is', () => {
  const paths = ['grub/grub.cfg', '/boot/grub/grub.cfg', 'grub.cfg', 'my-grub.cfg', 'grub/grub.cfg-01', 'grub.cfg/x']
  assert.deepEqual(paths.filter(isGrubConfig), ['grub/grub.cfg', '/boot/grub/grub.cfg', 'grub.cfg'])
})

test('the path of a configuration asks for it', () => {
  for (const name of [grub, pxelinux]) assert.deepEqual(loaderConfigIn(loaderConfigPath(name)), name)
})
