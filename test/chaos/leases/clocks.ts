import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Random } from './random.ts'

/** Seconds. */
const HOUR = 3600

/** The wall clock of processes, which can be set while they run (libfaketime); what their time since the start is stays true. */
export interface Clocks {
  /** What processes need to have this clock; empty where libfaketime is not installed. */
  readonly environment: Readonly<Record<string, string>>
  /** Sets it an hour ahead, an hour back, or right. */
  set(): Promise<void>
  close(): void
}

export function openClocks(random: Random): Clocks {
  const [library] = globSync('/usr/lib/*/faketime/libfaketime.so.1')
  const directory = mkdtempSync(join(tmpdir(), 'reboots-clocks-'))
  const file = join(directory, 'offset')
  const say = (seconds: number) => writeFileSync(file, `${seconds < 0 ? '' : '+'}${seconds}\n`)
  say(0)
  const environment = {
    LD_PRELOAD: library ?? '',
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DISABLE_SHM: '1',
    DONT_FAKE_MONOTONIC: '1',
  }
  return {
    environment: library === undefined ? {} : environment,
    async set() {
      say([0, HOUR, -HOUR][random.below(3)]!)
    },
    close: () => rmSync(directory, { recursive: true }),
  }
}
