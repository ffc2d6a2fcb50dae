import assert from 'node:assert/strict'
import { test } from 'node:test'
import { avalancheResult, perfdhcpResult } from './clients.ts'

/* Reports as perfdhcp of Kea 2.2 prints them, shortened. */
const AVALANCHE = `Scenario: avalanche.
2026-Nov-20 13:28:21.810720 DISCOVER-OFFER: still waiting for 1 answers, resent 1, retrying 500
***Statistics for: DISCOVER-OFFER***
sent packets: 500
received packets: 500
min delay: 3491.994 ms
avg delay: 4955.922 ms
max delay: 8802.549 ms
***Statistics for: REQUEST-ACK***
sent packets: 500
received packets: 499
avg delay: 44.689 ms
max delay: 222.807 ms

It took 00:01:09.500000 to provision 500 clients. 
Requests sent + resent: 2636
Requests resent: 1636
`

test('the report of an avalanche', () => {
  assert.deepEqual(avalancheResult(AVALANCHE), {
    served: 499,
    seconds: 69.5,
    resent: 1636,
    offer: { mean: 4955.922, max: 8802.549 },
    ack: { mean: 44.689, max: 222.807 },
  })
})

test('the report of one that was ended before all were served', () => {
  const { served, seconds } = avalancheResult(AVALANCHE.replace(/It took .*/, ''))
  assert.deepEqual([served, seconds], [499, Infinity])
})

const BASIC = `***Statistics for: DISCOVER-OFFER***
sent packets: 20
received packets: 20
***Timestamps for packets:
sent / received: 0.000100 / 0.000600
sent / received: 0.001000 / 0.003000
***Statistics for: REQUEST-ACK***
sent packets: 20
received packets: 10
sent / received: 0.002000 / 0.003000
`

test('the report of a steady load', () => {
  const delays = { p50: 1000, p99: 1000, max: 2000 }
  assert.deepEqual(perfdhcpResult(BASIC, 2), { begun: 20, completed: 10, rate: 5, delays })
})
