import type { Metrics } from './metrics.ts'

/**
 * A counter with two labels that is cheap enough for every packet: it counts in plain numbers, and the metric is brought up to date when
 * somebody asks for it. `fixed` are further labels, the same for all of it.
 */
export class Tally<A extends string, B extends string> {
  readonly #counts = new Map<A, Map<B, Count>>()
  readonly #make: (a: A, b: B) => Count

  constructor(metrics: Metrics, name: string, help: string, labels: readonly [a: string, b: string], fixed = {}) {
    const counter = metrics.counter(name, help, [...Object.keys(fixed), ...labels])
    const all: Count[] = []
    this.#make = (a, b) => {
      const count = { labels: { ...fixed, [labels[0]]: a, [labels[1]]: b }, since: 0 }
      all.push(count)
      return count
    }
    metrics.onScrape(() => {
      for (const count of all) {
        counter.inc(count.labels, count.since)
        count.since = 0
      }
    })
  }

  add(a: A, b: B): void {
    let counts = this.#counts.get(a)
    if (counts === undefined) this.#counts.set(a, (counts = new Map()))
    let count = counts.get(b)
    if (count === undefined) counts.set(b, (count = this.#make(a, b)))
    count.since++
  }
}

interface Count {
  readonly labels: Readonly<Record<string, string>>
  /** Since the metric was last brought up to date. */
  since: number
}
