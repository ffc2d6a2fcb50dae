import type { BootClient, Firmware } from '@reboots/protocol/pxe'
import { clientFacts } from './client-facts.ts'
import { BootFileContext } from './expression/facts-context.ts'
import type { MachineFacts } from './facts.ts'
import type { Profile } from './policy.ts'
import { renderUrl } from './render-value.ts'
import { setVars } from './vars.ts'

/** Name of the boot file for each firmware; one that is missing gets none. */
export type BootFiles = Readonly<Partial<Record<Firmware, string>>>

/** What firmware loads by itself, without iPXE: a file, or (UEFI HTTP boot alone can) what is at a URL. */
export type FirmwareBoot =
  | { readonly kind: 'files'; readonly files: BootFiles }
  | { readonly kind: 'url'; readonly profile: UrlProfile }

type UrlProfile = Extract<Profile, { readonly kind: 'uefi-http' | 'iso' }>

/** What firmware loads for a profile; undefined if that is iPXE. */
export function firmwareBootOf(profile: Profile | undefined): FirmwareBoot | undefined {
  switch (profile?.kind) {
    case 'nbp':
    case 'grub':
    case 'pxelinux':
      return { kind: 'files', files: profile.files }
    case 'uefi-http':
    case 'iso':
      return { kind: 'url', profile }
    case 'linux':
    case 'script':
    case 'record-script':
    case 'chain':
    case undefined:
      return undefined
  }
}

/** The URL for this client, where `http` is our own origin; undefined if there is none for it that UEFI HTTP boot could load. */
export function firmwareUrl(
  profile: UrlProfile,
  client: BootClient,
  machine: MachineFacts,
  http: string,
): string | undefined {
  const context = new BootFileContext({ client: clientFacts(client), machine })
  if (setVars(profile.vars, context) !== undefined) return undefined
  const url = renderUrl(profile.kind, profile.url, context, http)
  return typeof url === 'string' && /^https?:/i.test(url) ? url : undefined
}
