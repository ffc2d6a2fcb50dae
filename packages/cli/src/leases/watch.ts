import { setTimeout as delay } from 'node:timers/promises'
import { leases as api } from '@reboots/api'
import { OperatorError } from '@reboots/runtime'
import type { LeasesArguments } from './arguments.ts'
import { Declined, type LeaseApi } from './call.ts'
import { print } from './print.ts'
import { eventJson, leaseJson, watchLine } from './show.ts'

const RETRY_MS = 500

/** Prints events for ever. A service that was reached once is waited for when it goes, and what it tells then is what was missed. */
export async function watch(service: LeaseApi, { json }: Pick<LeasesArguments, 'json'>): Promise<number> {
  const watching = new Watching(json)
  for (;;) {
    try {
      for await (const response of service.watch(watching.resume)) await watching.take(response)
      watching.lost('the service ended the stream')
    } catch (error) {
      if (!watching.began || !(error instanceof OperatorError || error instanceof Declined)) throw error
      watching.lost(error.message)
    }
    await delay(RETRY_MS)
  }
}

class Watching {
  readonly #json: boolean
  resume: api.WatchRequest = { epoch: '', revision: 0n }
  #counts = new Map<string, number>()
  #complained = false
  began = false

  constructor(json: boolean) {
    this.#json = json
  }

  async take({ epoch, revision, reset, leases, events, synced }: api.WatchResponse): Promise<void> {
    this.#complained = false
    if (reset) await this.#begin()
    for (const lease of leases) this.#count(lease)
    if (this.#json) await print(leases.map((lease) => JSON.stringify({ event: 'current', ...leaseJson(lease) })))
    const snapshot = synced && this.resume.revision === 0n
    if (synced) this.resume = { epoch, revision }
    if (snapshot) this.#summarize()
    const now = new Date()
    await print(events.map((event) => (this.#json ? JSON.stringify(eventJson(event)) : watchLine(event, now))))
  }

  async #begin(): Promise<void> {
    if (this.began && !this.#json)
      console.error('the service cannot tell all that happened since; it goes on from here')
    if (this.#json) await print([JSON.stringify({ event: 'reset' })])
    this.began = true
    this.resume = { epoch: '', revision: 0n }
    this.#counts = new Map()
  }

  #count({ state, reservation }: api.Lease): void {
    const names = [
      ...(state === api.LeaseState.BOUND ? ['leased'] : []),
      ...(state === api.LeaseState.DECLINED ? ['in quarantine'] : []),
      ...(reservation === undefined ? [] : ['reserved']),
    ]
    for (const name of names) this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
  }

  #summarize(): void {
    if (this.#json) return
    const counts = [...this.#counts].map(([name, count]) => `${count} ${name}`)
    console.error(`watching; addresses now: ${counts.length === 0 ? 'none taken' : counts.join(', ')}`)
  }

  lost(why: string): void {
    if (!this.#complained) console.error(`lost: ${why}; trying again`)
    this.#complained = true
  }
}
