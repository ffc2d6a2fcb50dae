import { isScalar } from 'yaml'
import type { BootDecision, Decision } from './decision.ts'
import type { Place, Reader } from './document.ts'
import { firmwareBootOf } from './firmware-boot.ts'
import { LIMITS } from './limits.ts'
import type { Menu } from './menu.ts'
import { suggestion } from './nearest.ts'
import { parseDuration } from './parse-duration.ts'
import type { Profile } from './policy.ts'

/** What an outcome may name; one that has a problem is there as undefined. */
export interface Named {
  readonly profiles: ReadonlyMap<string, Profile | undefined>
  readonly menus: ReadonlyMap<string, Menu | undefined>
}

const WORDS = ['local-disk', 'ignore'] as const
const KEYS = ['boot', 'menu', 'ask', 'deny', 'ignore'] as const
const ASK_KEYS = ['within', 'keep', 'otherwise'] as const

/**
 * `local-disk`, `ignore`, `{ boot: profile }`, `{ menu: name }`, `{ ask: URL }`, `{ deny: reason }` or `{ ignore: reason }`. An `ignore` without a reason gets `why`.
 */
export function readOutcome(reader: Reader, place: Place, named: Named, why: string): Decision | undefined {
  if (isScalar(place.node)) return readWord(reader, place, why)
  const before = reader.problems.length
  const found = reader.readRecord(place, 'an outcome', [...KEYS, ...ASK_KEYS])
  if (found === undefined || reader.problems.length > before) return undefined
  const given = KEYS.filter((key) => found[key] !== undefined)
  const [key] = given
  if (key === undefined || given.length > 1) {
    return reader.report(
      place,
      `an outcome is one of boot, menu, ask, deny, local-disk, ignore${key ? '; this has several' : ''}`,
    )
  }
  const entry = found[key]!
  if (key === 'ask') return readAsk(reader, entry, found, named)
  const more = ASK_KEYS.find((name) => found[name] !== undefined)
  if (more !== undefined) return reader.report(found[more]!, `${JSON.stringify(more)} goes with ask`)
  if (key === 'menu') return readMenuName(reader, entry, named)
  if (key !== 'boot') {
    const reason = readReason(reader, entry)
    return reason === undefined ? undefined : { kind: key, reason }
  }
  const profile = readKnown(reader, entry, 'profile', named.profiles)
  return profile === undefined ? undefined : bootDecision(profile, named.profiles)
}

const SECOND = 1000
const ASK_WITHIN = { least: SECOND, most: 30 * SECOND, preset: 3 * SECOND }
const ASK_KEEP = { least: 0, most: 24 * 3600 * SECOND, preset: 300 * SECOND }

type Found = Partial<Readonly<Record<(typeof ASK_KEYS)[number], Place>>>

function readAsk(reader: Reader, place: Place, found: Found, named: Named): Decision | undefined {
  const before = reader.problems.length
  const url = readServer(reader, place)
  const withinMs = readTime(reader, found.within, ASK_WITHIN)
  const keepMs = readTime(reader, found.keep, ASK_KEEP)
  const why = 'the server that was asked has nothing for it'
  const otherwise = found.otherwise ? readOutcome(reader, found.otherwise, named, why) : LOCAL_DISK
  if (otherwise?.kind === 'ask') return reader.report(found.otherwise!, 'another server cannot be asked then')
  if (url === undefined || otherwise === undefined || reader.problems.length > before) return undefined
  return { kind: 'ask', url, withinMs, keepMs, otherwise }
}

const LOCAL_DISK = { kind: 'local-disk' } as const

function readServer(reader: Reader, place: Place): string | undefined {
  const text = reader.readText(place, 'the URL of a server', LIMITS.reasonCharacters)
  if (text === undefined) return undefined
  const plain = /^https?:\/\/[^\s/?#@]+(?:\/[^\s?#]*)?$/i.test(text)
  return plain
    ? text.replace(/\/+$/, '')
    : reader.report(place, 'expected the URL of a server, such as http://server:8080')
}

function readTime(reader: Reader, place: Place | undefined, { least, most, preset }: typeof ASK_WITHIN): number {
  if (place === undefined) return preset
  const text = reader.readText(place, 'a time such as 3s or 5m', LIMITS.nameCharacters)
  const time = text === undefined ? undefined : parseDuration(text)
  if (time !== undefined && time >= least && time <= most) return time
  if (text !== undefined)
    reader.report(place, `expected a time of ${least / SECOND}s to ${most / SECOND}s, such as 3s or 5m`)
  return preset
}

export function bootDecision(profile: string, profiles: Named['profiles']): BootDecision {
  const firmware = firmwareBootOf(profiles.get(profile))
  return firmware === undefined ? { kind: 'boot', profile } : { kind: 'boot', profile, firmware }
}

/** A menu that has a problem is reported where it stands, and here it is none. */
function readMenuName(reader: Reader, place: Place, { menus }: Named): Decision | undefined {
  const name = readKnown(reader, place, 'menu', menus)
  const menu = name === undefined ? undefined : menus.get(name)
  return menu && { kind: 'menu', menu }
}

function readKnown(
  reader: Reader,
  place: Place,
  what: string,
  known: ReadonlyMap<string, unknown>,
): string | undefined {
  const name = reader.readText(place, `the name of a ${what}`, LIMITS.nameCharacters)
  if (name === undefined || known.has(name)) return name
  return reader.report(place, `there is no ${what} ${JSON.stringify(name)}${suggestion(name, known.keys())}`)
}

function readWord(reader: Reader, place: Place, why: string): Decision | undefined {
  const word = reader.readText(place, 'an outcome', LIMITS.nameCharacters)
  if (word === undefined) return undefined
  if (word === 'local-disk') return { kind: 'local-disk' }
  if (word === 'ignore') return { kind: 'ignore', reason: why }
  if (word === 'deny') return reader.report(place, 'deny needs a reason: { deny: why }')
  if (word === 'menu') return reader.report(place, 'menu needs a name: { menu: name }')
  if (word === 'ask') return reader.report(place, 'ask needs a server: { ask: URL }')
  if (word === 'boot') return reader.report(place, 'boot needs a profile: { boot: name }')
  return reader.report(place, `${JSON.stringify(word)} is no outcome${suggestion(word, WORDS)}`)
}

/** Printed by iPXE and written in logs: one line. */
function readReason(reader: Reader, place: Place): string | undefined {
  const reason = reader.readText(place, 'a reason', LIMITS.reasonCharacters)
  if (reason === undefined) return undefined
  if (reason.trim() === '') return reader.report(place, 'the reason is empty')
  if (/[\p{Cc}\u2028\u2029]/u.test(reason)) return reader.report(place, 'a reason is one line of text')
  return reason
}
