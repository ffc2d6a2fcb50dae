import { isMap, isScalar } from 'yaml'
import { parseIpv4, type Ipv4Address } from '@reboots/protocol/net'
import { FIRST_OWN_TYPE, LOCAL_BOOT, menuLength } from '@reboots/protocol/pxe'
import type { Entry, Place, Reader } from './document.ts'
import { LIMITS } from './limits.ts'
import { bootMenuOf, type Boots, type Menu, type MenuEntry } from './menu.ts'
import { readName } from './parse-name.ts'
import { suggestion } from './nearest.ts'
import { bootDecision, type Named } from './parse-outcome.ts'
import { readBootFileName } from './parse-boot-file.ts'

const LOCAL_DISK = 'local-disk'
const KINDS = ['boot', 'file', 'type'] as const
/** Octets of option 43, which firmware reads from one instance. */
const ROOM = 255
/** The longest case: whether clients may look for boot servers, and in which group, is for the services to say. */
const DISCOVERY = { broadcast: true, multicast: 0 as Ipv4Address }
/** What the screen says unless the menu has words of its own. */
const PROMPT = 'Press F8 for the boot menu'

type Profiles = Named['profiles']

/** Menus by name. One that has a problem is there as undefined, so that rules may name it. */
export function readMenus(reader: Reader, place: Place, profiles: Profiles): Map<string, Menu | undefined> {
  const menus = new Map<string, Menu | undefined>()
  const entries = reader.readMap(place, 'a mapping of menus') ?? []
  if (entries.length > LIMITS.menus) {
    reader.report(place, `${entries.length} menus; at most ${LIMITS.menus} are allowed`)
  }
  for (const entry of entries.slice(0, LIMITS.menus)) {
    if (reader.full) break
    if (entry.key.trim() === '' || entry.key.length > LIMITS.nameCharacters) {
      reader.report({ node: entry.keyNode, path: place.path }, 'the name of a menu is empty or too long')
    }
    menus.set(entry.key, readMenu(reader, entry, profiles))
  }
  return menus
}

function readMenu(reader: Reader, place: Entry, profiles: Profiles): Menu | undefined {
  const before = reader.problems.length
  const found = reader.readRecord(place, 'a menu', ['prompt', 'timeoutSeconds', 'entries'])
  if (found === undefined) return undefined
  const { timeoutSeconds, entries } = found
  if (!timeoutSeconds) reader.report(place, 'needs "timeoutSeconds": 0 to 254, or forever')
  if (!entries) reader.report(place, 'needs "entries": a list, the first of which is the default')
  const prompt = found.prompt ? readScreenText(reader, found.prompt, 'a prompt') : PROMPT
  const timeout = timeoutSeconds && readTimeout(reader, timeoutSeconds)
  const read = entries && readEntries(reader, entries, profiles)
  if (prompt === undefined || timeout === undefined || read === undefined || reader.problems.length > before) {
    return undefined
  }
  const menu = { name: place.key, prompt, timeoutSeconds: timeout, entries: read }
  refuseTooLong(reader, place, menu)
  return menu
}

function readTimeout(reader: Reader, place: Place): Menu['timeoutSeconds'] | undefined {
  if (isScalar(place.node) && place.node.value === 'forever') return 'forever'
  return readNumber(reader, place, 0, 254, 'expected a time-out of 0 to 254 seconds, or forever')
}

function readEntries(reader: Reader, list: Place, profiles: Profiles): MenuEntry[] | undefined {
  const places = reader.readList(list, 'a list of entries', LIMITS.listItems)
  if (places === undefined) return undefined
  if (places.length === 0) return reader.report(list, 'a menu has one entry at least')
  const types = new Set(places.map(({ node }) => (isMap(node) ? node.get('type') : undefined)))
  const titles = new Map<string, string>()
  const taken = new Set<number>()
  const entries: MenuEntry[] = []
  for (const [index, place] of places.entries()) {
    const entry = readEntry(reader, place, profiles, titles, ownType(index, types))
    if (entry === undefined) continue
    if (index === 0 && entry.boots.kind === 'elsewhere') {
      reader.report(place, 'the first entry is what happens when nobody chooses, so it cannot be of other boot servers')
    }
    if (entry.boots.kind === 'elsewhere' && taken.has(entry.type)) {
      reader.report(place, `two entries are of type ${entry.type}`)
    }
    taken.add(entry.type)
    entries.push(entry)
  }
  return entries
}

/** From the first free type on, in the order of the entries; types of other boot servers are passed over. */
function ownType(index: number, others: ReadonlySet<unknown>): number {
  let type = FIRST_OWN_TYPE - 1
  for (let free = 0; free <= index; free++) {
    do type++
    while (others.has(type))
  }
  return type
}

function readEntry(
  reader: Reader,
  place: Place,
  profiles: Profiles,
  titles: Map<string, string>,
  type: number,
): MenuEntry | undefined {
  const before = reader.problems.length
  const found = reader.readRecord(place, 'an entry of a menu', ['title', ...KINDS, 'server'])
  if (found === undefined || reader.problems.length > before) return undefined
  if (!found.title) reader.report(place, 'needs "title"')
  const given = KINDS.filter((kind) => found[kind] !== undefined)
  if (given.length !== 1) reader.report(place, `an entry has exactly one of ${KINDS.join(', ')}`)
  if (found.server && !found.type) reader.report(found.server, 'a server goes with a type')
  const title = found.title && readTitle(reader, found.title, titles)
  if (title === undefined || reader.problems.length > before) return undefined
  if (found.type) return readElsewhere(reader, title, found.type, found.server)
  const boots = found.boot ? readBoot(reader, found.boot, profiles) : found.file && readFile(reader, found.file)
  return boots && { title, type: boots.kind === LOCAL_DISK ? LOCAL_BOOT : type, boots }
}

function readTitle(reader: Reader, place: Place, titles: Map<string, string>): string | undefined {
  return readScreenText(reader, place, 'a title') === undefined ? undefined : readName(reader, place, 'title', titles)
}

function readBoot(reader: Reader, place: Place, profiles: Profiles): Boots | undefined {
  const name = reader.readText(place, 'the name of a profile, or local-disk', LIMITS.nameCharacters)
  if (name === undefined) return undefined
  if (name === LOCAL_DISK) return { kind: LOCAL_DISK }
  if (profiles.has(name)) return bootDecision(name, profiles)
  const hint = suggestion(name, [...profiles.keys(), LOCAL_DISK])
  return reader.report(place, `there is no profile ${JSON.stringify(name)}${hint}`)
}

/** A name, or a list of them: a name for each layer. */
function readFile(reader: Reader, place: Place): Boots | undefined {
  const places = isScalar(place.node) ? [place] : reader.readList(place, 'a list of boot files', LIMITS.listItems)
  if (places?.length === 0) return reader.report(place, 'a list of boot files has one at least')
  const [file, ...layers] = places?.map((each) => readBootFileName(reader, each)) ?? []
  if (file === undefined || !layers.every((name) => name !== undefined)) return undefined
  return layers.length === 0 ? { kind: 'file', file } : { kind: 'file', file, layers }
}

function readElsewhere(reader: Reader, title: string, type: Place, server: Place | undefined): MenuEntry | undefined {
  const number = readNumber(reader, type, 1, 0xfffe, 'expected a type of boot server, 1 to 65534')
  const servers = server === undefined ? [] : readServers(reader, server)
  if (number === undefined || servers === undefined) return undefined
  return { title, type: number, boots: { kind: 'elsewhere', servers } }
}

/** An address, or a list of them. */
function readServers(reader: Reader, place: Place): Ipv4Address[] | undefined {
  const places = isScalar(place.node) ? [place] : reader.readList(place, 'a list of addresses', LIMITS.listItems)
  const servers = places?.map((each) => {
    const text = reader.readText(each, 'an IPv4 address', LIMITS.nameCharacters)
    if (text === undefined) return undefined
    return parseIpv4(text) ?? reader.report(each, `${JSON.stringify(text)} is no IPv4 address`)
  })
  return servers?.every((address) => address !== undefined) ? servers : undefined
}

/** Firmware shows what it gets, octet by octet, in its own character set. */
function readScreenText(reader: Reader, place: Place, what: string): string | undefined {
  const text = reader.readText(place, what, LIMITS.nameCharacters)
  if (text === undefined) return undefined
  if (text.trim() === '') return reader.report(place, `${what} is not empty`)
  return /^[ -~]*$/.test(text) ? text : reader.report(place, `${what} is printable ASCII: firmware knows nothing else`)
}

function readNumber(reader: Reader, place: Place, least: number, most: number, expected: string): number | undefined {
  const value = isScalar(place.node) ? place.node.value : undefined
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
    ? value
    : reader.report(place, expected)
}

/** Menu, prompt and servers go into option 43 together. */
function refuseTooLong(reader: Reader, place: Place, menu: Menu): void {
  const octets = menuLength(bootMenuOf(menu, 0 as Ipv4Address, DISCOVERY))
  if (octets <= ROOM) return
  const titles = menu.entries.reduce((sum, { title }) => sum + title.length, 0)
  reader.report(
    place,
    `too long by ${octets - ROOM} octets: prompt (${menu.prompt.length}), titles (${titles}) and servers take ${octets} of option 43, which holds ${ROOM}`,
  )
}
