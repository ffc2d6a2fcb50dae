import type { RE2JS } from 're2js'

/** A regular expression as a CEL value. RE2 runs in time linear to the text, whatever the pattern. */
export class Pattern {
  readonly re2: RE2JS
  constructor(re2: RE2JS) {
    this.re2 = re2
  }
}

const SUFFIX = '_own'

/**
 * Methods that are ours and not the CEL library's: its `matches` runs any pattern for any time, its `split` knows no bound, and its
 * `lowerAscii` and the others change more than ASCII and trim other blanks than CEL does.
 */
export const OWN_METHODS: ReadonlySet<string> = new Set([
  'matches',
  'within',
  'split',
  'lowerAscii',
  'upperAscii',
  'trim',
])

/** What calls of them are rewritten to, once they have been checked; no expression can spell it. */
export function ownMethod(name: string): string {
  return name + SUFFIX
}

/** A name of a method as it was written. */
export function writtenMethod(name: string): string {
  return name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : name
}

/** A message of the type checker in the words of whoever wrote the expression. */
export function asWritten(message: string): string {
  return message.replaceAll(`${SUFFIX}(`, '(').replace(/\((?:Pattern|TimeWindow)\)/, '(string)')
}
