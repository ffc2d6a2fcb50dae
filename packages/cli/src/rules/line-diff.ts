import { diff } from 'node:util'

type Edit = readonly [op: ' ' | '-' | '+', line: string]

/** Lines that stay the same around a change. */
const CONTEXT = 3

/** The search for the fewest edits takes time by the product of what differs: beyond it a change is shown as one block, which is as true. */
const MOST_SEARCHED = 4_000_000

/** What has to be done to one text to get another, as `diff -u` prints it and `patch` reads it; empty if they are the same. */
export function lineDiff(before: string, after: string, names: readonly [string, string]): string[] {
  if (before === after) return []
  const edits = editsBetween(linesOf(before), linesOf(after))
  return [`--- ${names[0]}`, `+++ ${names[1]}`, ...hunks(edits)]
}

/** A last line without an end is another line than one with it: patch wants to be told. */
function linesOf(text: string): string[] {
  if (text === '') return []
  const lines = text.split('\n')
  const last = lines.pop()!
  return last === '' ? lines : [...lines, `${last}\n\\ No newline at end of file`]
}

function editsBetween(before: readonly string[], after: readonly string[]): Edit[] {
  const shorter = Math.min(before.length, after.length)
  let head = 0
  while (head < shorter && before[head] === after[head]) head++
  let tail = 0
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++
  const same = (lines: readonly string[]): Edit[] => lines.map((line) => [' ', line])
  const middle = changes(before.slice(head, before.length - tail), after.slice(head, after.length - tail))
  return [...same(before.slice(0, head)), ...middle, ...same(before.slice(before.length - tail))]
}

function changes(before: readonly string[], after: readonly string[]): Edit[] {
  const gone = before.map((line): Edit => ['-', line])
  const come = after.map((line): Edit => ['+', line])
  if (before.length === 0 || after.length === 0 || before.length * after.length > MOST_SEARCHED)
    return [...gone, ...come]
  const signs = { '-1': '-', '0': ' ', '1': '+' } as const
  const edits = diff([...after], [...before]).map(([op, line]): Edit => [signs[`${op}`], line])
  return goneFirst(edits)
}

/** Of lines that are replaced, those that go stand before those that come. */
function goneFirst(edits: readonly Edit[]): Edit[] {
  const ordered: Edit[] = []
  let come: Edit[] = []
  for (const edit of edits) {
    if (edit[0] === '+') {
      come.push(edit)
      continue
    }
    if (edit[0] === ' ') {
      ordered.push(...come)
      come = []
    }
    ordered.push(edit)
  }
  return [...ordered, ...come]
}

function hunks(edits: readonly Edit[]): string[] {
  const changed = edits.flatMap(([op], at) => (op === ' ' ? [] : [at]))
  const spans: { from: number; to: number }[] = []
  for (const at of changed) {
    const last = spans.at(-1)
    const to = Math.min(edits.length, at + CONTEXT + 1)
    if (last !== undefined && at - CONTEXT <= last.to) last.to = to
    else spans.push({ from: Math.max(0, at - CONTEXT), to })
  }
  const numbers = lineNumbers(edits)
  return spans.flatMap(({ from, to }) => {
    const shown = edits.slice(from, to)
    const count = (other: string): number => shown.filter(([op]) => op !== other).length
    const range = (first: number, lines: number): string => `${lines === 0 ? first : first + 1},${lines}`
    const [before, after] = numbers[from]!
    const head = `@@ -${range(before, count('+'))} +${range(after, count('-'))} @@`
    return [head].concat(shown.map(([op, line]) => op + line))
  })
}

/** How many lines of each text stand before an edit. */
function lineNumbers(edits: readonly Edit[]): (readonly [number, number])[] {
  let [before, after] = [0, 0]
  return edits.map(([op]) => {
    const numbers = [before, after] as const
    if (op !== '+') before++
    if (op !== '-') after++
    return numbers
  })
}
