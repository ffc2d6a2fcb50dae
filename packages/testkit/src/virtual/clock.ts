interface Alarm {
  readonly at: number
  readonly ring: () => void
}

/** Time that passes when it is told to, in milliseconds. */
export class VirtualClock {
  now = 1_700_000_000_000
  readonly #alarms = new Set<Alarm>()

  /** Rings after so many milliseconds, unless the function it returns is called before. */
  readonly later = (milliseconds: number, ring: () => void): (() => void) => {
    const alarm = { at: this.now + milliseconds, ring }
    this.#alarms.add(alarm)
    return () => this.#alarms.delete(alarm)
  }

  /** Alarms that have not rung. */
  get alarms(): number {
    return this.#alarms.size
  }

  /** Rings what is due within this time, in order. */
  pass(milliseconds: number): void {
    const end = this.now + milliseconds
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#alarms.delete(next)
      this.now = next.at
      next.ring()
    }
    this.now = end
  }

  #next(end: number): Alarm | undefined {
    const due = [...this.#alarms].filter(({ at }) => at <= end)
    return due.toSorted((one, other) => one.at - other.at)[0]
  }
}
