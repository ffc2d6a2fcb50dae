import { getSystemErrorName } from 'node:util'

/** `EAGAIN` for 11. */
export function errnoName(number: number): string {
  return getSystemErrorName(-number)
}

/** The Error of a failed system call, with `code` as Node's own have it. */
export function systemErrorOf(call: string, number: number): Error & { readonly code: string } {
  const code = errnoName(number)
  return Object.assign(new Error(`${call}: ${code}`), { code })
}
