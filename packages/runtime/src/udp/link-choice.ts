import { networkInterfaces } from 'node:os'
import { OperatorError } from '../operator-error.ts'
import { defaultRouteInterface, findLink, interfaceNames, linkNamed, type UdpLink } from './links.ts'

/** Which interfaces are meant: the section `links` of a configuration. */
export interface LinkChoice {
  /** Names, or patterns such as `br-*`; empty: the interface of the default route. */
  readonly interfaces: readonly string[]
  /** A name of which there is no interface yet is no error. */
  readonly wait: boolean
}

/** An interface that is meant and cannot be served yet. */
export interface MissingLink {
  readonly name: string
  readonly why: string
}

export interface FoundLinks {
  readonly links: readonly UdpLink[]
  readonly missing: readonly MissingLink[]
}

/** Whether an interface of this name is meant by one of the names or patterns. */
export function isChosen(name: string, interfaces: readonly string[]): boolean {
  return interfaces.some((wanted) => (isPattern(wanted) ? matches(name, wanted) : wanted === name))
}

/**
 * The interfaces that are meant and there. OperatorError when one that is named is missing or has no IPv4 address, unless it may be waited
 * for or is one of `known`; that a pattern has no interface yet is never an error.
 */
export function chooseLinks({ interfaces, wait }: LinkChoice, known: readonly string[] = []): FoundLinks {
  if (interfaces.length === 0) return { links: [findLink(defaultRouteInterface())], missing: [] }
  const found = linksNow(interfaces)
  const strange = found.missing.find(({ name }) => !known.includes(name))
  if (!wait && strange !== undefined) findLink(strange.name)
  return found
}

/** As `chooseLinks`, for names that must all be there. */
export function findLinks(interfaces: readonly string[]): readonly UdpLink[] {
  return chooseLinks({ interfaces, wait: false }).links
}

/** What there is now of some names and patterns, in their order. */
export function linksNow(interfaces: readonly string[]): FoundLinks {
  const existing = interfaceNames()
  const all = networkInterfaces()
  const links = new Map<string, UdpLink>()
  const missing: MissingLink[] = []
  for (const wanted of interfaces) {
    const pattern = isPattern(wanted)
    const names = pattern ? existing.filter((name) => name !== 'lo' && matches(name, wanted)) : [wanted]
    for (const name of names) {
      const link = linkNamed(name, all)
      const why = existing.includes(name) ? 'it has no IPv4 address, or is down' : 'there is none yet'
      if (link !== undefined) links.set(name, link)
      else if (!pattern) missing.push({ name, why })
    }
  }
  return { links: [...links.values()], missing }
}

/** The interfaces that are meant, as far as they are there: for who only wants to know. */
export function lookForLinks({ interfaces }: LinkChoice): FoundLinks {
  if (interfaces.length > 0) return linksNow(interfaces)
  try {
    return chooseLinks({ interfaces, wait: false })
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    return { links: [], missing: [{ name: 'the interface of the default route', why: error.message }] }
  }
}

function isPattern(wanted: string): boolean {
  return wanted.includes('*')
}

/** `*` stands for any characters. */
function matches(name: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(name)
}
