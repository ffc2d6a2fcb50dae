import type { hardware } from '@reboots/api'
import { parseIpv4, parseMac } from '@reboots/protocol/net'
import type { Answer, Failure } from './calls.ts'
import { machineOf, type Entry } from './records/entry.ts'
import { quote } from './records/problem.ts'
import type { Roster } from './roster/roster.ts'

type Key = NonNullable<hardware.GetMachineRequest['key']>

/** One machine by MAC (in any of its spellings), reserved IPv4 address or id. */
export function onGetMachine({ key }: hardware.GetMachineRequest, roster: Roster): Answer<hardware.Machine> {
  if (key === undefined) return { outcome: 'invalid', why: 'say which machine: mac, ip or id' }
  const found = lookUp(key, roster)
  return 'entry' in found ? { answer: machineOf(found.entry) } : found
}

export type Found = { readonly entry: Entry } | { readonly outcome: Failure; readonly why: string }

export function lookUp(key: Key, roster: Roster): Found {
  switch (key.$case) {
    case 'mac': {
      const mac = parseMac(key.value)
      if (mac === undefined) return invalid(key, 'no MAC address')
      return found(roster.byMac(mac), key, roster)
    }
    case 'ip': {
      const address = parseIpv4(key.value)
      if (address === undefined) return invalid(key, 'no IPv4 address')
      return found(roster.byAddress(address), key, roster)
    }
    case 'id':
      return key.value === '' ? invalid(key, 'no id') : found(roster.byId(key.value), key, roster)
  }
}

function found(entry: Entry | undefined, { $case, value }: Key, roster: Roster): Found {
  if (entry !== undefined) return { entry }
  return unknownYet(roster) ?? { outcome: 'not-found', why: `no machine with ${$case} ${quote(value)}` }
}

/** The answer before any file could be read, when it is not known what there is. */
export function unknownYet({
  revision,
}: Roster): { readonly outcome: 'unavailable'; readonly why: string } | undefined {
  return revision > 0n ? undefined : { outcome: 'unavailable', why: 'the machine files have not been read yet' }
}

function invalid({ value }: Key, what: string): Found {
  return { outcome: 'invalid', why: `${quote(value)} is ${what}` }
}
