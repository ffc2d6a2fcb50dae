import type { Entry, Place, Reader } from './document.ts'
import { LIMITS } from './limits.ts'
import { suggestion } from './nearest.ts'
import { PROFILE_KINDS, readKind, type ProfileKey } from './parse-profile-kind.ts'
import { readVars } from './parse-vars.ts'
import type { Profile } from './policy.ts'

type Key = 'extends' | 'vars' | ProfileKey
/** What a profile says, as it stands there. */
type Stated = { readonly place: Entry } & Partial<Readonly<Record<Key, Entry>>>

/** Profiles by name, in document order. One that has a problem is there as undefined, so that rules may name it. */
export function readProfiles(reader: Reader, place: Place): Map<string, Profile | undefined> {
  const entries = reader.readMap(place, 'a mapping of profiles') ?? []
  if (entries.length > LIMITS.profiles) {
    reader.report(place, `${entries.length} profiles; at most ${LIMITS.profiles} are allowed`)
  }
  const stated = new Map<string, Stated | undefined>()
  for (const entry of entries.slice(0, LIMITS.profiles)) stated.set(entry.key, readStated(reader, place, entry))
  const profiles = new Map<string, Profile | undefined>()
  // One that others extend is read first, so that what is wrong in it is reported once.
  for (const [name, own] of [...stated].toSorted(([, a], [, b]) => Number(!!a?.extends) - Number(!!b?.extends))) {
    if (reader.full) break
    profiles.set(name, own && readProfile(reader, own, stated, profiles))
  }
  return new Map([...stated.keys()].map((name) => [name, profiles.get(name)]))
}

function readStated(reader: Reader, list: Place, place: Entry): Stated | undefined {
  if (reader.full) return undefined
  if (place.key.trim() === '' || place.key.length > LIMITS.nameCharacters) {
    reader.report({ node: place.keyNode, path: list.path }, 'the name of a profile is empty or too long')
  }
  const before = reader.problems.length
  const found = reader.readRecord(place, 'a profile', ['extends', 'vars', ...PROFILE_KINDS])
  return found === undefined || reader.problems.length > before ? undefined : { place, ...found }
}

function readProfile(
  reader: Reader,
  own: Stated,
  stated: ReadonlyMap<string, Stated | undefined>,
  known: ReadonlyMap<string, Profile | undefined>,
): Profile | undefined {
  const base = own.extends && readBase(reader, own.extends, stated)
  // What is wrong with the base is reported there.
  if (own.extends && (base === undefined || known.get(base.place.key) === undefined)) return undefined
  const kinds = kindsIn(own)
  const [kind] = kinds.length === 0 && base !== undefined ? kindsIn(base) : kinds
  if (kind === undefined || kinds.length > 1) {
    return reader.report(own.place, `a profile has exactly one of ${PROFILE_KINDS.join(', ')}`)
  }
  if (base !== undefined && base[kind] === undefined) {
    return reader.report(own[kind]!, `${JSON.stringify(base.place.key)} is ${kindsIn(base).join()}, and not ${kind}`)
  }
  const bodies = [base?.[kind], own[kind]].filter((body) => body !== undefined)
  const vars = readVars(reader, [base?.vars, own.vars], kind)
  if (vars === undefined) return undefined
  const profile = readKind(reader, kind, bodies, vars)
  return (
    profile && {
      ...profile,
      ...(vars.vars === undefined ? {} : { vars: vars.vars }),
      ...(base === undefined ? {} : { base: base.place.key }),
    }
  )
}

function kindsIn(stated: Stated): ProfileKey[] {
  return PROFILE_KINDS.filter((kind) => stated[kind] !== undefined)
}

/** The profile that is extended, which extends none itself. */
function readBase(reader: Reader, place: Place, stated: ReadonlyMap<string, Stated | undefined>): Stated | undefined {
  const name = reader.readText(place, 'the name of a profile', LIMITS.nameCharacters)
  if (name === undefined) return undefined
  if (!stated.has(name)) {
    return reader.report(place, `there is no profile ${JSON.stringify(name)}${suggestion(name, stated.keys())}`)
  }
  const base = stated.get(name)
  return base?.extends ? reader.report(place, `${JSON.stringify(name)} extends another profile itself`) : base
}
