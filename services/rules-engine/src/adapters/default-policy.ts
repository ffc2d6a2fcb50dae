import { DEFAULT_POLICY } from '@reboots/rules'
import type { PolicySource } from '../ports.ts'

/** The policy that ships, which never changes. */
export const defaultPolicy: PolicySource = {
  name: 'the default policy',
  read: () => Promise.resolve(DEFAULT_POLICY),
  watch() {},
  close() {},
}
