import { dnsmasq } from './dnsmasq.ts'
import { kea } from './kea.ts'
import { reboots } from './reboots.ts'
import type { Subject } from './subject.ts'

export const SUBJECTS: readonly Subject[] = [reboots, kea, dnsmasq]

const wanted = process.env['TEST_SUBJECT'] ?? reboots.name
const found = SUBJECTS.find(({ name }) => name === wanted)
if (found === undefined) {
  throw new Error(`TEST_SUBJECT=${wanted}: there is ${SUBJECTS.map(({ name }) => name).join(', ')}`)
}

/** The server under test, by TEST_SUBJECT. */
export const subject: Subject = found
