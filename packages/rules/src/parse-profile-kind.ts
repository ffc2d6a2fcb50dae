import type { ConfiguredLoader } from '@reboots/protocol/pxe'
import type { Entry, Place, Reader } from './document.ts'
import type { Template, TemplateOptions } from './expression/template.ts'
import { LIMITS } from './limits.ts'
import { readBootFiles } from './parse-boot-file.ts'
import { readArgument, readTemplate, readUrl } from './parse-template.ts'
import type { ReadVars } from './parse-vars.ts'
import type { ProfileKind } from './policy.ts'

/** What a profile can be, by its key. */
export const PROFILE_KINDS = ['linux', 'ipxe', 'chain', 'nbp', 'uefiHttp', 'iso', 'grub', 'pxelinux'] as const
export type ProfileKey = (typeof PROFILE_KINDS)[number]

/**
 * Reads a profile of this kind from its body, or from two: that of the profile which is extended, and what is changed in it. Of what
 * both say the last counts, but arguments are added to those that are there.
 */
export function readKind(
  reader: Reader,
  kind: ProfileKey,
  bodies: readonly Entry[],
  { options }: ReadVars,
): ProfileKind | undefined {
  const last = bodies.at(-1)!
  switch (kind) {
    case 'linux':
      return readLinux(reader, bodies, options)
    case 'ipxe':
      return readIpxe(reader, last, options)
    case 'chain': {
      const url = readUrl(reader, last, options)
      return url && { kind, url }
    }
    case 'nbp': {
      const files = readBootFiles(reader, last)
      return files && { kind, files }
    }
    case 'uefiHttp':
    case 'iso': {
      const url = readUrl(reader, last, options)
      return url && { kind: kind === 'iso' ? kind : 'uefi-http', url }
    }
    case 'grub':
    case 'pxelinux':
      return readLoader(reader, kind, bodies, options)
  }
}

/** The entries of one mapping, or of two, where those of the second win. */
function readMerged<K extends string>(
  reader: Reader,
  bodies: readonly Place[],
  what: string,
  keys: readonly K[],
): readonly Partial<Record<K, Entry>>[] | undefined {
  const found = bodies.map((body) => reader.readRecord(body, what, keys))
  return found.every((each) => each !== undefined) ? [Object.assign({}, ...found), ...found] : undefined
}

function readLinux(reader: Reader, bodies: readonly Place[], options: TemplateOptions): ProfileKind | undefined {
  const found = readMerged(reader, bodies, 'a kernel to boot', ['kernel', 'initrd', 'args'])
  if (found === undefined) return undefined
  const [merged, ...each] = found
  if (!merged!.kernel) reader.report(bodies.at(-1)!, 'needs "kernel"')
  const kernel = merged!.kernel && readUrl(reader, merged!.kernel, options)
  const initrd = readTemplates(reader, merged!.initrd, readUrl, options)
  const args = each.map(({ args }) => readTemplates(reader, args, readArgument, options))
  return kernel && initrd && args.every((list) => list !== undefined)
    ? { kind: 'linux', kernel, initrd, args: args.flat() }
    : undefined
}

function readIpxe(reader: Reader, place: Place, options: TemplateOptions): ProfileKind | undefined {
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
  const template = script && readTemplate(reader, script, 'the text of a script', LIMITS.scriptCharacters, options)
  return template && { kind: 'script', script: template }
}

function readLoader(
  reader: Reader,
  kind: ConfiguredLoader,
  bodies: readonly Place[],
  options: TemplateOptions,
): ProfileKind | undefined {
  const [found] = readMerged(reader, bodies, 'a boot loader', ['file', 'config']) ?? []
  if (found === undefined) return undefined
  const { file, config } = found
  if (!file) reader.report(bodies.at(-1)!, 'needs "file": the boot loader')
  if (!config) reader.report(bodies.at(-1)!, 'needs "config": what it reads')
  const files = file && readBootFiles(reader, file)
  const template = config && readTemplate(reader, config, 'a configuration', LIMITS.scriptCharacters, options)
  return files && template && { kind, files, config: template }
}

/** A list of templates, or one alone; none when it is missing. Undefined if any of them has a problem. */
function readTemplates(
  reader: Reader,
  entry: Entry | undefined,
  readOne: (reader: Reader, place: Place, options: TemplateOptions) => Template | undefined,
  options: TemplateOptions,
): Template[] | undefined {
  if (entry === undefined) return []
  const isText = entry.node !== null && 'value' in entry.node && typeof entry.node.value === 'string'
  const places = isText ? [entry] : reader.readList(entry, 'a list of texts', LIMITS.listItems)
  const templates = places?.map((place) => readOne(reader, place, options))
  return templates?.every((template) => template !== undefined) ? templates : undefined
}
