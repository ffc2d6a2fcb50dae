import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missing, requireTools, type Needs } from './require-tools.ts'

const ROWS: readonly (readonly [what: string, needs: Needs, problems: readonly string[]])[] = [
  ['nothing is needed', {}, []],
  ['a program that is there', { commands: ['sh'] }, []],
  [
    'a program of a package of the same name',
    { commands: ['no-such-program'] },
    ['no-such-program not found: apt-get install no-such-program'],
  ],
  [
    'a file below a known directory',
    { files: ['/usr/lib/ipxe/qemu/none.rom'] },
    ['/usr/lib/ipxe/qemu/none.rom not found: apt-get install ipxe-qemu'],
  ],
  [
    'several of one package are one instruction',
    { commands: ['sh'], files: ['/usr/share/OVMF/a', '/usr/share/OVMF/b'] },
    ['/usr/share/OVMF/a, /usr/share/OVMF/b not found: apt-get install ovmf'],
  ],
]

for (const [what, needs, problems] of ROWS) {
  test(what, () => assert.deepEqual(missing(needs), problems))
}

test('a test is left out with the reason, and fails where nothing may be left out', (t) => {
  const before = process.env['CI']
  t.after(() => {
    delete process.env['CI']
    Object.assign(process.env, before === undefined ? {} : { CI: before })
  })
  delete process.env['CI']
  assert.equal(requireTools({ commands: ['sh'] }), false)
  assert.match(String(requireTools({ commands: ['no-such-program'] })), /apt-get install/)
  process.env['CI'] = 'true'
  assert.equal(requireTools({ commands: ['sh'] }), false)
  assert.throws(() => requireTools({ commands: ['no-such-program'] }), /apt-get install/)
})
