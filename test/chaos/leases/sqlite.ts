import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { play, type Report } from './scenario.ts'

/** One process with its file, killed at any moment. */
export async function sqliteChaos(seconds: number, seed: number): Promise<Report> {
  const directory = mkdtempSync(join(tmpdir(), 'reboots-chaos-'))
  try {
    const replicas = [{ store: 'sqlite', file: join(directory, 'leases.db') }]
    return await play({ replicas, mishaps: [], seconds, seed })
  } finally {
    rmSync(directory, { recursive: true })
  }
}
