import { parseMac } from '@reboots/protocol/net'
import { z } from 'zod'

/** A hardware address as people write it. */
export const mac = z.string().transform((text, context) => {
  const address = parseMac(text)
  if (address !== undefined) return address
  context.addIssue({ code: 'custom', message: `must be a MAC address such as 52:54:00:00:00:01, not "${text}"` })
  return z.NEVER
})

/** The first three octets of one, which tell its maker, as `52:54:00`. */
export const oui = z.string().transform((text, context) => {
  const digits = text.toLowerCase().replaceAll(/[:.-]/g, '')
  if (/^[0-9a-f]{6}$/.test(digits)) return digits.match(/../g)!.join(':')
  context.addIssue({
    code: 'custom',
    message: `must be the first three octets of a MAC, such as 52:54:00, not "${text}"`,
  })
  return z.NEVER
})
