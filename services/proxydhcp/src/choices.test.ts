import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Instant, MacAddress } from '@reboots/protocol/net'
import { Choices, NOTHING_CHOSEN } from './choices.ts'

const mac = (number: number) => `02:00:00:00:${(number >> 8).toString(16)}:${(number & 255).toString(16)}` as MacAddress
const NOW = 0 as Instant

test('a choice is of one machine and one menu, and the last one counts', () => {
  const choices = new Choices()
  choices.choose(mac(1), 'm', 1, NOW)
  choices.choose(mac(1), 'm', 2, NOW)
  assert.deepEqual(
    [choices.of(mac(1), 'm', NOW), choices.of(mac(1), 'n', NOW), choices.of(mac(2), 'm', NOW)],
    [2, undefined, undefined],
  )
  choices.show(mac(1), 'm', NOW)
  assert.equal(choices.of(mac(1), 'm', NOW), NOTHING_CHOSEN)
  choices.forget(mac(1))
  assert.equal(choices.of(mac(1), 'm', NOW), undefined)
})

test('of very many machines the latest are remembered', () => {
  const choices = new Choices()
  for (let number = 0; number < 40_000; number++) choices.choose(mac(number), 'm', 1, NOW)
  assert.deepEqual([choices.of(mac(0), 'm', NOW), choices.of(mac(39_999), 'm', NOW)], [undefined, 1])
})
