import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { play, type Report } from './scenario.ts'

/** Milliseconds. */
const HOUR = 3_600_000

/** One process with its file, killed at any moment, on a machine whose clock is set all the time. */
export async function sqliteChaos(seconds: number, seed: number): Promise<Report> {
  const directory = mkdtempSync(join(tmpdir(), 'reboots-chaos-'))
  try {
    const replicas = [{ store: 'sqlite', file: join(directory, 'leases.db'), clockErrors: [0, HOUR, -HOUR] }]
    return await play({ replicas, mishaps: [], seconds, seed })
  } finally {
    rmSync(directory, { recursive: true })
  }
}
