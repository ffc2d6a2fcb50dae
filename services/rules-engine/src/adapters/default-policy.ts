import { DEFAULT_POLICY } from '@reboots/rules'
import type { PolicySource } from '../ports.ts'

/** The policy that ships, which never changes. */
export const defaultPolicy: PolicySource = {
  name: 'the default policy',
  origin: 'shipped',
  read: () => Promise.resolve({ document: DEFAULT_POLICY, signature: new Uint8Array() }),
  watch() {},
  close() {},
}
