import { isScalar } from 'yaml'
import type { Decision } from './decision.ts'
import type { Place, Reader } from './document.ts'
import { LIMITS } from './limits.ts'
import { suggestion } from './nearest.ts'

const WORDS = ['local-disk', 'ignore'] as const
const KEYS = ['boot', 'deny', 'ignore'] as const

/**
 * `local-disk`, `ignore`, `{ boot: profile }`, `{ deny: reason }` or `{ ignore: reason }`. An `ignore` without a reason gets `why`.
 */
export function readOutcome(
  reader: Reader,
  place: Place,
  profiles: ReadonlyMap<string, unknown>,
  why: string,
): Decision | undefined {
  if (isScalar(place.node)) return readWord(reader, place, why)
  const before = reader.problems.length
  const found = reader.readRecord(place, 'an outcome', KEYS)
  if (found === undefined || reader.problems.length > before) return undefined
  const given = KEYS.filter((key) => found[key] !== undefined)
  const [key] = given
  if (key === undefined || given.length > 1) {
    return reader.report(place, `an outcome is one of boot, deny, local-disk, ignore${key ? '; this has several' : ''}`)
  }
  const entry = found[key]!
  if (key !== 'boot') {
    const reason = readReason(reader, entry)
    return reason === undefined ? undefined : { kind: key, reason }
  }
  const profile = reader.readText(entry, 'the name of a profile', LIMITS.nameCharacters)
  if (profile === undefined) return undefined
  if (!profiles.has(profile)) {
    return reader.report(entry, `there is no profile ${JSON.stringify(profile)}${suggestion(profile, profiles.keys())}`)
  }
  return { kind: 'boot', profile }
}

function readWord(reader: Reader, place: Place, why: string): Decision | undefined {
  const word = reader.readText(place, 'an outcome', LIMITS.nameCharacters)
  if (word === undefined) return undefined
  if (word === 'local-disk') return { kind: 'local-disk' }
  if (word === 'ignore') return { kind: 'ignore', reason: why }
  if (word === 'deny') return reader.report(place, 'deny needs a reason: { deny: why }')
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
