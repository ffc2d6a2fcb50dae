import type { Place } from '../records/problem.ts'

/** Turns an offset into line and column, both from 1; what was counted is remembered. */
export function lineCounter(text: string): (offset: number) => Place {
  const starts = [0]
  let counted = 0
  return (offset) => {
    while (counted <= offset) {
      const newline = text.indexOf('\n', counted)
      counted = newline < 0 ? Number.POSITIVE_INFINITY : newline + 1
      if (newline >= 0) starts.push(counted)
    }
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - starts[low]! + 1 }
  }
}
