import { parseArgs } from 'node:util'
import { Campaign, FuzzFailure, type Fates } from './campaign.ts'
import type { Exchange } from './invariants.ts'
import { heapInUse } from './memory.ts'
import { Sample } from './sample.ts'
import { openStands } from './stands.ts'
import { watch } from './watchdog.ts'

/*
 * Mutated packets for dhcp and for both doors of proxydhcp, from octets to octets.
 *
 *     node test/fuzz/src/fuzz.ts [--packets 200000] [--seed <number>]
 *
 * Ends with 1, and prints how to see it again, at the first packet that is answered as none may be. See README.md.
 */
const { values: flags } = parseArgs({
  options: { packets: { type: 'string', default: '200000' }, seed: { type: 'string' }, sample: { type: 'string' } },
})
const packets = Number(flags.packets)
const seed = flags.seed === undefined ? Date.now() % 1_000_000_007 : Number(flags.seed)
const again = `node test/fuzz/src/fuzz.ts --seed ${seed}`
const MIB = 2 ** 20
/**
 * Of what is in use after the first third, at the end: room for the clients that few packets are of (see campaign.ts), which two bounded
 * memories may each still take up, some 150 octets each time. A leak of one small object in ten packets is over it in a million.
 */
const MOST_GROWTH = 4 * MIB
const THIRDS = [1 / 3, 2 / 3, 1]

console.log(`seed ${seed}`)
const watchdog = watch(again)
try {
  await fuzz()
} catch (error) {
  if (!(error instanceof FuzzFailure)) throw error
  console.error(`${error.message}\nagain:\n  ${again} --packets ${error.packet + 8}`)
  process.exitCode = 1
} finally {
  await watchdog.stop()
}

async function fuzz(): Promise<void> {
  const stands = await openStands()
  let slowest = { packet: 0, took: 0 }
  let [packet, since] = [0, performance.now()]
  const begin = (next: number): void => {
    const now = performance.now()
    if (now - since > slowest.took) slowest = { packet, took: now - since }
    ;[packet, since] = [next, now]
    watchdog.at(next)
  }
  const sample = new Sample(10)
  const replied = (exchange: Exchange, bytes: Uint8Array): void => sample.add(exchange, bytes)
  const campaign = new Campaign({ seed, packets, stands, begin, ...(flags.sample !== undefined && { replied }) })
  const before = process.cpuUsage()
  const inUse: number[] = []
  for (const third of THIRDS) {
    await campaign.run(Math.round(packets * third))
    inUse.push(heapInUse())
    console.log(`${Math.round(packets * third)} packets: ${(inUse.at(-1)! / MIB).toFixed(2)} MiB in use`)
    since = performance.now()
  }
  const { user, system } = process.cpuUsage(before)
  const microseconds = user + system
  console.log(`${(microseconds / 1e6).toFixed(0)} s of CPU, ${(microseconds / packets).toFixed(1)} µs each`)
  console.log(`slowest batch: packet ${slowest.packet}, ${slowest.took.toFixed(1)} ms\n`)
  if (flags.sample !== undefined) await sample.write(flags.sample)
  console.log(fateTable(campaign.fates))
  if (inUse.at(-1)! > inUse[0]! + MOST_GROWTH) {
    console.error(
      `memory grows: see how with node --heap-prof test/fuzz/src/fuzz.ts --seed ${seed} --packets ${packets}`,
    )
    process.exitCode = 1
  }
}

function fateTable(fates: Fates): string {
  const rows = [...fates].sort(([, a], [, b]) => b - a).map(([what, count]) => `| ${what} | ${count} |\n`)
  return `| what became of them | |\n| --- | --: |\n${rows.join('')}`
}
