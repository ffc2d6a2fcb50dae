import type { DhcpMessage } from '@reboots/protocol/dhcp'
import { fields, macList } from '@reboots/runtime'
import { z } from 'zod'
import type { Silence } from './outcome.ts'

/** Section `proxydhcp.admission`: which machines are ours, where another proxy has others. */
export const admission = z.object({
  macs: z.array(fields.mac).default([]).describe('Machines that are answered; with ouis empty, too: all'),
  ouis: z.array(fields.oui).default([]).describe('First three octets of machines that are answered'),
  denyMacs: z.array(fields.mac).default([]).describe('Machines that are never answered'),
  denyOuis: z.array(fields.oui).default([]).describe('First three octets of machines that are never answered'),
})

/** Why a machine is not looked at; undefined: it is. */
export type Admission = (message: DhcpMessage) => Extract<Silence, 'denied' | 'not-admitted'> | undefined

export const EVERYBODY: Admission = () => undefined

/** Denying goes before admitting. */
export function admissionOf({ macs, ouis, denyMacs, denyOuis }: z.infer<typeof admission>): Admission {
  const open = macs.length + ouis.length === 0
  if (open && denyMacs.length + denyOuis.length === 0) return EVERYBODY
  const isDenied = macList(denyMacs, denyOuis)
  const isAdmitted = open ? () => true : macList(macs, ouis)
  return (message) => (isDenied(message) ? 'denied' : isAdmitted(message) ? undefined : 'not-admitted')
}
