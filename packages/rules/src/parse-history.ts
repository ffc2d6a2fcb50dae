import type { Instant } from '@reboots/protocol/net'
import { NO_HISTORY, withBoot, withBooted, type BootHistory } from './boot-history.ts'
import type { Place, Reader } from './document.ts'
import { LIMITS } from './limits.ts'
import { parseDuration } from './parse-duration.ts'

/**
 * The history of a test: `boots`, how long ago each was (`[2m, 1h]`); `profile`, what it got last; `booted`, whether its operating system
 * has said since that it runs; `finished`, the profiles of which one has said so before.
 */
export function readHistory(reader: Reader, place: Place, now: Instant): BootHistory | undefined {
  const found = reader.readRecord(place, 'facts', ['boots', 'profile', 'booted', 'finished'])
  if (found === undefined) return undefined
  const ages = found.boots ? readAges(reader, found.boots) : []
  const profile = found.profile ? readProfile(reader, found.profile) : ''
  const booted = found.booted && readFlag(reader, found.booted)
  const finished = found.finished ? readProfiles(reader, found.finished) : []
  const last = Math.min(...ages)
  let history: BootHistory = { ...NO_HISTORY, finished }
  for (const age of ages) {
    const at = (now - age) as Instant
    history = withBoot(history, { at, profile: age === last ? (profile ?? '') : '', rule: '' })
  }
  return booted === true ? withBooted(history, now) : history
}

function readAges(reader: Reader, place: Place): number[] {
  const ages = reader.readList(place, 'a list of times such as 2m', LIMITS.keptBoots) ?? []
  return ages.flatMap((age) => {
    const text = reader.readText(age, 'how long ago, such as 2m', LIMITS.nameCharacters)
    const time = text === undefined ? undefined : parseDuration(text)
    if (text !== undefined && time === undefined) reader.report(age, 'expected how long ago, such as 30s, 2m or 1h30m')
    return time ?? []
  })
}

function readProfiles(reader: Reader, place: Place): string[] {
  const names = reader.readList(place, 'a list of profiles', LIMITS.finishedProfiles) ?? []
  return names.flatMap((name) => readProfile(reader, name) ?? [])
}

/** Any: a machine may have been given a profile that there is no more. */
function readProfile(reader: Reader, place: Place): string | undefined {
  return reader.readText(place, 'the name of a profile', LIMITS.nameCharacters)
}

function readFlag(reader: Reader, { node, ...place }: Place): boolean | undefined {
  const value = node !== null && 'value' in node ? node.value : undefined
  return typeof value === 'boolean' ? value : reader.report({ node, ...place }, 'expected true or false')
}
