import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OperatorError } from '@reboots/runtime'
import { rulesArguments } from './arguments.ts'

const refused: readonly (readonly [line: string, says: RegExp])[] = [
  ['', /what is to be done\?/],
  ['aply x.yaml', /no "reboots rules aply", did you mean "apply"\?/],
  ['check', /a word is missing/],
  ['apply', /a word is missing/],
  ['apply a.yaml b.yaml', /"b\.yaml" is too much/],
  ['diff a b c', /"c" is too much/],
  ['history now', /"now" is too much/],
  ['check a.yaml --address x:1', /--address is not for "rules check"/],
  ['rollback --signature x', /--signature is not for "rules rollback"/],
  ['apply a.yaml --wy x', /no option --wy, did you mean "--why"\?/],
]
for (const [line, says] of refused) {
  test(`rules ${line}: refused`, () => {
    const words = line.split(' ').filter((word) => word !== '')
    assert.throws(
      () => rulesArguments(words),
      (error) => error instanceof OperatorError && says.test(error.message) && error.remedy !== '',
    )
  })
}
