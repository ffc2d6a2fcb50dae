import { nearest } from '@reboots/runtime'
import { quote, type Finding, type Path } from './problem.ts'

/** What is found while one record is read: problems, and the fields nobody asked for. */
export interface Report {
  readonly findings: Finding[]
  readonly leftovers: { readonly path: Path; readonly value: unknown }[]
}

type Mapping = Record<string, unknown>

/**
 * A place in a record and the value there. `null` and absent are the same: `undefined`. Reading never throws: what is wrong goes
 * to the report and the reader goes on with a harmless value, so that one run finds every problem of a record.
 */
export class Cursor {
  readonly value: unknown
  readonly #parent: Cursor | undefined
  readonly #key: string | number
  readonly #report: Report

  private constructor(value: unknown, parent: Cursor | undefined, key: string | number, report: Report) {
    this.value = value ?? undefined
    this.#parent = parent
    this.#key = key
    this.#report = report
  }

  static root(value: unknown, path: Path, report: Report): Cursor {
    return path.reduce<Cursor>(
      (parent, key, i) => new Cursor(i === path.length - 1 ? value : undefined, parent, key, report),
      new Cursor(path.length === 0 ? value : undefined, undefined, '', report),
    )
  }

  get path(): Path {
    return this.#parent === undefined ? [] : [...this.#parent.path, this.#key]
  }

  /** The last part of the path. */
  get key(): string | number {
    return this.#key
  }

  get absent(): boolean {
    return this.value === undefined
  }

  /** Something of this record was refused already. */
  get refused(): boolean {
    return this.#report.findings.some(({ severity }) => severity === 'refused')
  }

  refuse(message: string): void {
    this.#report.findings.push({ severity: 'refused', path: this.path, message })
  }

  warn(message: string): void {
    this.#report.findings.push({ severity: 'warning', path: this.path, message })
  }

  /** The value of a key; absent if there is none, or if this is no mapping. */
  at(key: string): Cursor {
    const value = isMapping(this.value) && Object.hasOwn(this.value, key) ? this.value[key] : undefined
    return new Cursor(value, this, key, this.#report)
  }

  /** The keys of a mapping with their values; none (and refused) if it is something else. */
  entries(): Cursor[] {
    if (this.absent || !this.#isMapping()) return []
    return Object.keys(this.value as Mapping).map((key) => this.at(key))
  }

  /** The items of a list; none (and refused) if it is something else. */
  items(): Cursor[] {
    if (this.absent) return []
    if (Array.isArray(this.value)) return this.value.map((item, index) => new Cursor(item, this, index, this.#report))
    this.refuse(`must be a list, not ${quote(this.value)}`)
    return []
  }

  /**
   * Enters a mapping of which `read` is read and `kept` is known but of no use here. Every other key is kept as it is, with a warning
   * when it looks like a slip of the pen. Absent stays absent.
   */
  mapping(read: readonly string[], kept: readonly string[] = []): this {
    if (this.absent || !this.#isMapping()) return this
    for (const [key, value] of Object.entries(this.value as Mapping)) {
      if (read.includes(key) || value === null || value === undefined) continue
      const field = new Cursor(value, this, key, this.#report)
      this.#report.leftovers.push({ path: field.path, value })
      if (kept.includes(key)) continue
      const meant = nearest(key, [...read, ...kept])
      if (meant !== undefined) field.warn(`unknown field, did you mean ${meant}? It is kept but does nothing`)
    }
    return this
  }

  #isMapping(): boolean {
    if (isMapping(this.value)) return true
    this.refuse(`must be a mapping, not ${quote(this.value)}`)
    return false
  }
}

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
