import type { Entry, Place, Reader } from './document.ts'
import { ExpressionError } from './expression/expression-error.ts'
import { compileTemplate, type Template } from './expression/template.ts'
import { LIMITS } from './limits.ts'
import type { Profile } from './policy.ts'

const KINDS = ['linux', 'ipxe', 'chain'] as const

/** Profiles by name, in document order. One that has a problem is there as undefined, so that rules may name it. */
export function readProfiles(reader: Reader, place: Place): Map<string, Profile | undefined> {
  const profiles = new Map<string, Profile | undefined>()
  const entries = reader.readMap(place, 'a mapping of profiles') ?? []
  if (entries.length > LIMITS.profiles) {
    reader.report(place, `${entries.length} profiles; at most ${LIMITS.profiles} are allowed`)
  }
  for (const entry of entries.slice(0, LIMITS.profiles)) {
    if (reader.full) break
    if (entry.key.trim() === '' || entry.key.length > LIMITS.nameCharacters) {
      reader.report({ node: entry.keyNode, path: place.path }, 'the name of a profile is empty or too long')
    }
    profiles.set(entry.key, readProfile(reader, entry))
  }
  return profiles
}

function readProfile(reader: Reader, place: Place): Profile | undefined {
  const before = reader.problems.length
  const found = reader.readRecord(place, 'a profile', KINDS)
  if (found === undefined || reader.problems.length > before) return undefined
  const given = KINDS.filter((kind) => found[kind] !== undefined)
  if (given.length !== 1) return reader.report(place, `a profile has exactly one of ${KINDS.join(', ')}`)
  if (found.linux) return readLinux(reader, found.linux)
  if (found.ipxe) return readIpxe(reader, found.ipxe)
  const url = found.chain && readUrl(reader, found.chain)
  return url && { kind: 'chain', url }
}

function readLinux(reader: Reader, place: Place): Profile | undefined {
  const found = reader.readRecord(place, 'a kernel to boot', ['kernel', 'initrd', 'args'])
  if (found === undefined) return undefined
  if (!found.kernel) reader.report(place, 'needs "kernel"')
  const kernel = found.kernel && readUrl(reader, found.kernel)
  const initrd = readTemplates(reader, found.initrd, readUrl)
  const args = readTemplates(reader, found.args, readArgument)
  return kernel && initrd && args && { kind: 'linux', kernel, initrd, args }
}

function readIpxe(reader: Reader, place: Place): Profile | undefined {
  const found = reader.readRecord(place, 'an iPXE script', ['script', 'recordScript'])
  if (found === undefined) return undefined
  const { script, recordScript } = found
  if ((script === undefined) === (recordScript === undefined)) {
    return reader.report(place, 'needs either "script" or "recordScript: true"')
  }
  if (recordScript) {
    const value = recordScript.node !== null && 'value' in recordScript.node ? recordScript.node.value : undefined
    return value === true ? { kind: 'record-script' } : reader.report(recordScript, 'expected true')
  }
  const template = script && readTemplate(reader, script, 'the text of a script', LIMITS.scriptCharacters)
  return template && { kind: 'script', script: template }
}

/** A list of templates, or one alone; none when it is missing. Undefined if any of them has a problem. */
function readTemplates(
  reader: Reader,
  entry: Entry | undefined,
  readOne: (reader: Reader, place: Place) => Template | undefined,
): Template[] | undefined {
  if (entry === undefined) return []
  const isText = entry.node !== null && 'value' in entry.node && typeof entry.node.value === 'string'
  const places = isText ? [entry] : reader.readList(entry, 'a list of texts', LIMITS.listItems)
  const templates = places?.map((place) => readOne(reader, place))
  return templates?.every((template) => template !== undefined) ? templates : undefined
}

function readArgument(reader: Reader, place: Place): Template | undefined {
  return readTemplate(reader, place, 'an argument', LIMITS.expressionCharacters, { list: true })
}

function readUrl(reader: Reader, place: Place): Template | undefined {
  const template = readTemplate(reader, place, 'a URL', LIMITS.expressionCharacters)
  const [first] = template?.parts ?? []
  if (first === undefined || (typeof first === 'string' && !/^[a-z][a-z0-9+.-]*:\/\//i.test(first))) {
    return template && reader.report(place, 'expected an absolute URL, such as http://server/path')
  }
  return template
}

function readTemplate(
  reader: Reader,
  place: Place,
  what: string,
  most: number,
  options?: { list?: boolean },
): Template | undefined {
  const text = reader.readText(place, what, most)
  if (text === undefined) return undefined
  try {
    return compileTemplate(text, options)
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    return reader.reportInText(place, error.offset, error.message)
  }
}
