import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMetrics } from './metrics.ts'
import { Tally } from './tally.ts'

test('what was counted is in the metric when it is asked for, once', async () => {
  const metrics = createMetrics('test')
  const tallies = ['67', '68'].map((port) => new Tally(metrics, 'packets_total', 'Packets', ['came', 'went'], { port }))
  const lines = async () => (await metrics.text()).split('\n').filter((line) => line.startsWith('packets_total'))
  assert.deepEqual(await lines(), [])
  tallies[0]!.add('discover', 'offer')
  tallies[0]!.add('discover', 'offer')
  tallies[0]!.add('discover', 'nak')
  tallies[1]!.add('discover', 'offer')
  const expected = [
    'packets_total{port="67",came="discover",went="offer"} 2',
    'packets_total{port="67",came="discover",went="nak"} 1',
    'packets_total{port="68",came="discover",went="offer"} 1',
  ]
  assert.deepEqual(await lines(), expected)
  assert.deepEqual(await lines(), expected)
  tallies[0]!.add('discover', 'nak')
  assert.equal((await lines())[1], 'packets_total{port="67",came="discover",went="nak"} 2')
})
