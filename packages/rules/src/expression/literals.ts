import type { ASTNode } from '@marcbachmann/cel-js'
import { RE2JS } from 're2js'
import { LIMITS } from '../limits.ts'
import { canonicalMac, ouiOf, parseCidr, parseIp } from './addresses.ts'
import { ExpressionError } from './expression-error.ts'
import { Pattern } from './rewritten.ts'
import { parseWindow } from './time-window.ts'
import { requireDuration, requireInstant } from './timestamp.ts'

/** @throws Error with RE2's words if the pattern cannot be read or is too big. */
function compilePattern(text: string): Pattern {
  if (text.length > LIMITS.patternCharacters)
    throw new Error(`pattern longer than ${LIMITS.patternCharacters} characters`)
  const re2 = RE2JS.compile(text)
  if (re2.programSize() > LIMITS.patternProgram) throw new Error('pattern too big: too many repetitions')
  return new Pattern(re2)
}

/** What becomes of a literal argument when the policy is read. */
interface Literal {
  /** Anything but a literal is refused, so that it is read once and not by every packet. */
  readonly only: boolean
  /** @throws Error if the text is not what the function takes */
  readonly read: (text: string) => unknown
  /** What was read takes the place of the literal. */
  readonly kept?: boolean
}

const LITERALS: Readonly<Record<string, Literal>> = {
  matches: { only: true, read: compilePattern, kept: true },
  within: { only: true, read: parseWindow, kept: true },
  timestamp: { only: true, read: requireInstant },
  duration: { only: true, read: requireDuration },
  ip: { only: false, read: parseIp },
  cidr: { only: false, read: parseCidr },
  containsCIDR: { only: false, read: parseCidr },
  containsIP: { only: false, read: parseIp },
  mac: { only: false, read: canonicalMac },
  oui: { only: false, read: ouiOf },
}

/** Reads the literal of a call, and puts what was read in its place where the call takes it. @throws ExpressionError */
export function readLiterals(name: string, args: readonly ASTNode[]): void {
  if (name === 'rollout') return requirePercent(args[1]!)
  const literal = Object.hasOwn(LITERALS, name) ? LITERALS[name] : undefined
  const argument = args[0] as { args: unknown; readonly op: string; readonly start: number } | undefined
  if (literal === undefined || argument === undefined) return
  if (argument.op !== 'value' || typeof argument.args !== 'string') {
    if (literal.only) throw new ExpressionError(`${name}() takes a literal text only`, argument.start)
    return
  }
  const read = readOr(argument.start, () => literal.read(argument.args as string))
  if (literal.kept === true) argument.args = read
}

function readOr<T>(offset: number, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new ExpressionError(error instanceof Error ? error.message : String(error), offset)
  }
}

function requirePercent(node: ASTNode): void {
  const value: unknown = node.op === 'value' ? node.args : undefined
  const percent = typeof value === 'bigint' || typeof value === 'number' ? Number(value) : undefined
  if (percent === undefined || percent < 0 || percent > 100) {
    throw new ExpressionError('rollout() takes a literal percentage, 0 to 100', node.start)
  }
}
