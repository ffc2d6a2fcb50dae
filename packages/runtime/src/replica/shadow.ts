import type { rules } from '@reboots/api'

/** Decides again under a candidate; undefined: it comes to the same. */
export type Judge<P, D> = (active: P, candidate: P, facts: D) => rules.ShadowDifference | undefined

/** Decisions that may wait; those that come meanwhile are left out, and counted. */
const MOST_WAITING = 4096
/** Decided again at once, about a millisecond, and how often. */
const AT_ONCE = 64
const EVERY_MS = 10
const REPORT_MS = 1000
/** Differences in one report. */
const MOST_REPORTED = 10_000

interface Candidate<P> {
  readonly version: string
  readonly policy: P
}

/**
 * Tries a candidate out on decisions that were just made, when there is nothing else to do: who made them does not wait. What it finds goes
 * out in batches.
 */
export class Shadow<P, D> {
  readonly #judge: Judge<P, D>
  readonly #send: (report: rules.ReportShadowRequest) => void
  #candidate: Candidate<P> | undefined
  #active: Candidate<P> | undefined
  #waiting: D[] = []
  #decisions = 0
  #leftOut = 0
  #differences: rules.ShadowDifference[] = []
  #slice: NodeJS.Timeout | undefined
  #report: NodeJS.Timeout | undefined

  constructor(judge: Judge<P, D>, send: (report: rules.ReportShadowRequest) => void) {
    this.#judge = judge
    this.#send = send
  }

  /** Tries out another, or none, against what is in force now; what was found so far of the one before is reported. */
  follow(active: Candidate<P>, candidate: Candidate<P> | undefined): void {
    this.#tell()
    this.#waiting = []
    this.#active = active
    this.#candidate = candidate
  }

  get version(): string {
    return this.#candidate?.version ?? ''
  }

  /** A decision was made on these facts. */
  decided(facts: D): void {
    if (this.#candidate === undefined) return
    if (this.#waiting.length >= MOST_WAITING) this.#leftOut++
    else this.#waiting.push(facts)
    this.#slice ??= setTimeout(() => this.#decide(), EVERY_MS).unref()
  }

  #decide(): void {
    this.#slice = undefined
    const [active, candidate] = [this.#active, this.#candidate]
    if (active === undefined || candidate === undefined) return
    for (const facts of this.#waiting.splice(0, AT_ONCE)) {
      this.#decisions++
      const difference = this.#judge(active.policy, candidate.policy, facts)
      if (difference !== undefined && this.#differences.length < MOST_REPORTED) this.#differences.push(difference)
    }
    if (this.#waiting.length > 0) this.#slice = setTimeout(() => this.#decide(), EVERY_MS).unref()
    this.#report ??= setTimeout(() => this.#tell(), REPORT_MS).unref()
  }

  #tell(): void {
    clearTimeout(this.#report)
    this.#report = undefined
    if (this.#active === undefined || this.#candidate === undefined || this.#decisions + this.#leftOut === 0) return
    const [decisions, leftOut, differences] = [this.#decisions, this.#leftOut, this.#differences]
    this.#decisions = this.#leftOut = 0
    this.#differences = []
    this.#send({ candidate: this.#candidate.version, version: this.#active.version, decisions, leftOut, differences })
  }

  close(): void {
    this.#tell()
    clearTimeout(this.#slice)
  }
}
