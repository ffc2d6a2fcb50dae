import type { Environment } from '@marcbachmann/cel-js'
import { LIMITS } from '../limits.ts'
import { registerAddresses } from './addresses.ts'
import { HISTORY_METHODS } from './history-type.ts'
import { ownMethod, Pattern } from './rewritten.ts'
import { rollout } from './rollout.ts'
import { registerSets } from './sets.ts'
import { TimeWindow } from './time-window.ts'

/**
 * What expressions may call, and with how many arguments (the receiver of a method not counted). Anything else that the CEL
 * library offers is refused: JavaScript regular expressions, time zones of the host, decoders, `cel.bind`.
 */
export const FUNCTIONS: Readonly<Record<string, readonly number[]>> = {
  has: [1],
  size: [1],
  string: [1],
  int: [1],
  double: [1],
  bool: [1],
  dyn: [1],
  type: [1],
  timestamp: [1],
  duration: [1],
  ip: [1],
  isIP: [1],
  cidr: [1],
  isCIDR: [1],
  mac: [1],
  isMAC: [1],
  oui: [1],
  rollout: [2],
  kernelArch: [2],
  urlJoin: [2],
  basename: [1],
}

export const METHODS: Readonly<Record<string, readonly number[]>> = {
  size: [0],
  startsWith: [1],
  endsWith: [1],
  // Of a text one, of `sets` two.
  contains: [1, 2],
  intersects: [2],
  equivalent: [2],
  matches: [1],
  lowerAscii: [0],
  upperAscii: [0],
  trim: [0],
  indexOf: [1, 2],
  lastIndexOf: [1, 2],
  substring: [1, 2],
  join: [0, 1],
  split: [1],
  replace: [2],
  orElse: [1],
  containsIP: [1],
  containsCIDR: [1],
  within: [1],
  ...HISTORY_METHODS,
  all: [2],
  exists: [2],
  exists_one: [2],
  map: [2, 3],
  filter: [2],
  getFullYear: [0],
  getMonth: [0],
  getDate: [0],
  getDayOfWeek: [0],
  getHours: [0],
  getMinutes: [0],
  getSeconds: [0],
  getMilliseconds: [0],
}

/** Of a list whose length is only known when it is there: of the facts, or made of a text. */
export const ASSUMED_LENGTH = 64

export const MACROS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])

const sync = { async: false }

/** Beside those of CEL itself: addresses, times, sets, a stable percentage, texts, and what boot file names are made with. */
export function registerFunctions(environment: Environment): void {
  registerAddresses(environment)
  registerSets(environment)
  environment
    .registerType('Pattern', { ctor: Pattern, fields: {} })
    .registerFunction(
      `string.${ownMethod('matches')}(Pattern): bool`,
      (text: string, p: Pattern) => p.re2.test(text),
      sync,
    )
    .registerType('TimeWindow', { ctor: TimeWindow, fields: {} })
    .registerFunction(
      `google.protobuf.Timestamp.${ownMethod('within')}(TimeWindow): bool`,
      (at: { valueOf(): number }, window: TimeWindow) => window.includes(at.valueOf()),
      sync,
    )
    .registerFunction(
      'rollout(string, int): bool',
      (key: string, percent: bigint) => rollout(key, Number(percent)),
      sync,
    )
    .registerFunction('rollout(string, double): bool', rollout, sync)
    .registerFunction('string.orElse(string): string', orElse, sync)
    .registerFunction('string.replace(string, string): string', replace, sync)
    .registerFunction(`string.${ownMethod('split')}(string): list<string>`, split, sync)
    .registerFunction(`string.${ownMethod('lowerAscii')}(): string`, lowerAscii, sync)
    .registerFunction(`string.${ownMethod('upperAscii')}(): string`, upperAscii, sync)
    .registerFunction(`string.${ownMethod('trim')}(): string`, trim, sync)
    .registerFunction('kernelArch(string, string): string', kernelArch, sync)
    .registerFunction('urlJoin(string, string): string', urlJoin, sync)
    .registerFunction('basename(string): string', basename, sync)
}

function orElse(text: string, other: string): string {
  return text === '' ? other : text
}

function lowerAscii(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

function upperAscii(text: string): string {
  return text.replaceAll(/[a-z]+/g, (letters) => letters.toUpperCase())
}

/** Without what is white space to Unicode at both ends. */
function trim(text: string): string {
  return text.replaceAll(/^\p{White_Space}+|\p{White_Space}+$/gu, '')
}

/** Every occurrence; the empty text is before and behind every character. @throws Error if that makes the text too long */
function replace(text: string, from: string, to: string): string {
  const replaced = text.replaceAll(from === '' ? /(?:)/gu : from, () => to)
  if (replaced.length <= LIMITS.madeCharacters) return replaced
  throw new Error(`replace() makes more than ${LIMITS.madeCharacters} characters`)
}

/** @throws Error if there are too many parts */
function split(text: string, separator: string): string[] {
  const parts = text.split(separator, ASSUMED_LENGTH + 1)
  if (parts.length <= ASSUMED_LENGTH) return parts
  throw new Error(`split() makes more than ${ASSUMED_LENGTH} parts`)
}

/** The architecture as Linux names it (`uname -m`): the record's, under any of its names, else what the firmware is made for. */
function kernelArch(recorded: string, firmware: string): string {
  const names: Readonly<Record<string, string>> = { amd64: 'x86_64', x64: 'x86_64', arm64: 'aarch64' }
  if (recorded !== '') return Object.hasOwn(names, recorded) ? names[recorded]! : recorded
  switch (firmware) {
    case 'uefi-arm64':
    case 'rpi':
      return 'aarch64'
    case 'uefi-riscv64':
      return 'riscv64'
    case 'uefi-loongarch64':
      return 'loongarch64'
    default:
      return 'x86_64'
  }
}

const ABSOLUTE_URL = /^[a-z][a-z0-9+.-]*:\/\//i

function urlJoin(base: string, name: string): string {
  if (ABSOLUTE_URL.test(name)) return name
  if (base === '')
    throw new Error(`no URL to find ${JSON.stringify(name)} below: neither the record nor the site has one`)
  return `${base.replace(/\/+$/, '')}/${name.replace(/^\/+/, '')}`
}

/** Last part of the path of a URL or file name. */
function basename(url: string): string {
  const path = url.replace(/[?#].*$/s, '')
  return path.slice(path.lastIndexOf('/') + 1)
}
