import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { openClocks } from './clocks.ts'
import { Random } from './random.ts'
import type { Replica } from './replica.ts'
import { play, type Report } from './scenario.ts'

/** Milliseconds. */
const HOUR = 3_600_000

/** A file system of its own, small enough to be filled. Without root it is a directory, to which nothing happens. */
class Disk {
  readonly directory = mkdtempSync(join(tmpdir(), 'reboots-chaos-'))
  readonly #isOwn = process.getuid?.() === 0
  /** What happens to it happens one after the other. */
  #turn: Promise<void> = Promise.resolve()

  constructor() {
    if (this.#isOwn) this.#mount('-t', 'tmpfs', '-o', 'size=8m', 'tmpfs')
  }

  #mount(...how: string[]): void {
    execFileSync('mount', [...how, this.directory])
  }

  /** Full to the last octet for so many milliseconds. */
  fill(milliseconds: number): Promise<void> {
    return this.#inTurn(() => this.#fill(milliseconds))
  }

  /** Nobody has a file open for writing, so it can be made read-only for the time of `deed`. */
  readOnly(deed: () => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      this.#mount('-o', 'remount,ro')
      await deed()
      this.#mount('-o', 'remount,rw')
    })
  }

  #inTurn(deed: () => Promise<void>): Promise<void> {
    if (this.#isOwn) this.#turn = this.#turn.then(deed)
    return this.#turn
  }

  async #fill(milliseconds: number): Promise<void> {
    const filler = join(this.directory, 'filler')
    for (let size = 4_194_304; size >= 1; size = Math.floor(size / 2)) {
      try {
        for (;;) writeFileSync(filler, Buffer.alloc(size), { flag: 'a' })
      } catch {
        // What is left is smaller.
      }
    }
    await delay(milliseconds)
    rmSync(filler)
  }

  remove(): void {
    if (!this.#isOwn) return rmSync(this.directory, { recursive: true })
    execFileSync('umount', ['--lazy', this.directory])
    rmdirSync(this.directory)
  }
}

/**
 * One process with its file, killed at any moment, on a machine whose clock is set all the time and whose disk is full now and then; when it is
 * started on a disk that is read-only it ends, and nothing is lost by that.
 */
export async function sqliteChaos(seconds: number, seed: number): Promise<Report> {
  const disk = new Disk()
  const random = new Random(seed + 3)
  const clocks = openClocks(random)
  const inVain = async (replica: Replica) => {
    await replica.kill()
    await disk.readOnly(async () => {
      if (await replica.opens()) throw new Error('it opened a file that it cannot write')
    })
  }
  try {
    const replicas = [{ store: 'sqlite', file: join(disk.directory, 'leases.db'), clockErrors: [0, HOUR, -HOUR] }]
    const mishaps = [() => disk.fill(1000 + random.below(3000)), () => clocks.set(), () => clocks.set()]
    const { environment } = clocks
    return await play({ replicas, environment, mishaps, accidents: [inVain], seconds, seed })
  } finally {
    disk.remove()
    clocks.close()
  }
}
