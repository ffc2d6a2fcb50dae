import type { RE2JS } from 're2js'

/** A regular expression as a CEL value. RE2 runs in time linear to the text, whatever the pattern. */
export class Pattern {
  readonly re2: RE2JS
  constructor(re2: RE2JS) {
    this.re2 = re2
  }
}

export const RE2_METHOD = 'matches_re2'
export const WINDOW_METHOD = 'within_window'
export const SPLIT_METHOD = 'split_few'

/** Methods that calls are rewritten to, once they have been checked, and what they were; no expression can spell them. */
const REWRITTEN: readonly (readonly [method: string, written: string])[] = [
  [`${RE2_METHOD}(Pattern)`, 'matches(string)'],
  [`${WINDOW_METHOD}(TimeWindow)`, 'within(string)'],
  [SPLIT_METHOD, 'split'],
]

/** A message of the type checker in the words of whoever wrote the expression. */
export function asWritten(message: string): string {
  return REWRITTEN.reduce((text, [method, written]) => text.replaceAll(method, written), message)
}
