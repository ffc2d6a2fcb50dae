import type { Place, Reader } from './document.ts'
import { LIMITS } from './limits.ts'
import { GUARD } from './guard.ts'
import { OTHERWISE } from './policy.ts'

/** A name that no other of its kind has. */
export function readName(
  reader: Reader,
  place: Place,
  what: string,
  firstUse: Map<string, string>,
): string | undefined {
  const name = reader.readText(place, `the name of a ${what}`, LIMITS.nameCharacters)
  if (name === undefined) return undefined
  if (name.trim() === '') return reader.report(place, `the name of a ${what} is empty`)
  if (what === 'rule' && (name === OTHERWISE || name === GUARD))
    return reader.report(place, `no rule may be named ${name}`)
  const first = firstUse.get(name)
  if (first !== undefined) return reader.report(place, `duplicate ${what} ${JSON.stringify(name)}: also ${first}`)
  firstUse.set(name, place.path)
  return name
}

/** A DHCP class, which is defined in the configuration of dhcp and not here. */
export function readClassName(reader: Reader, place: Place): string | undefined {
  const name = reader.readText(place, 'the name of a DHCP class', LIMITS.nameCharacters)
  return name?.trim() === '' ? reader.report(place, 'the name of a DHCP class is empty') : name
}
