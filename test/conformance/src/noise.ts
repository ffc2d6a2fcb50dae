import { parseArgs } from 'node:util'
import { PER_HOUR } from './noise/hour.ts'
import { makeNoise } from './noise/noisy-lan.ts'

/*
 * The noise of a LAN of some two thousand devices, replayed as fast as it goes against a proxydhcp that answers whoever boots.
 *
 *     node test/conformance/src/noise.ts [--hours 24] [--seed <number>]
 *
 * As root. Ends with 1 when there is one packet from it that no boot client has asked for. The short form is noise.test.ts.
 */
const { values } = parseArgs({
  options: { hours: { type: 'string', default: '24' }, seed: { type: 'string', default: '1' } },
})
const started = performance.now()
const findings = await makeNoise(Math.round(Number(values.hours) * PER_HOUR), Number(values.seed))
const seconds = (performance.now() - started) / 1000

console.log(table('sent', findings.sent))
console.log(table('what became of what came to ports 67 and 4011', findings.outcomes))
const { addressed, heard, asked, answered, faults, leases } = findings
console.log(
  `${addressed} datagrams to ports 67 and 4011, ${heard} counted; ${asked} boot clients, ${answered} answered`,
)
console.log(`leases from the site: ${leases.join(', ')}`)
console.log(`${faults.length} packets that should not be; ${seconds.toFixed(0)} s`)
for (const fault of faults.slice(0, 20)) console.error(fault)
if (faults.length > 0 || heard !== addressed || answered !== asked) process.exitCode = 1

function table(title: string, counts: ReadonlyMap<string, number>): string {
  const rows = [...counts].sort(([, a], [, b]) => b - a).map(([what, count]) => `| ${what} | ${count} |\n`)
  return `| ${title} | |\n| --- | --: |\n${rows.join('')}`
}
