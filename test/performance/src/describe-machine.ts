import { cpus, loadavg, totalmem } from 'node:os'

/** What the figures below it were measured on, as a line of text. */
export function describeMachine(clients: number): string {
  const memory = Math.round(totalmem() / 2 ** 30)
  const load = loadavg()[0]!.toFixed(1)
  return `${cpus()[0]?.model ?? 'CPU'}, ${cpus().length} cores, ${memory} GiB, Node ${process.versions.node}, ${clients} clients, load at the end ${load}\n`
}
