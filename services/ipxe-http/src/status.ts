import type { ConfigRefusal } from './on-config.ts'
import type { ScriptRefusal } from './on-script.ts'

/** The status that tells the reason to whoever asks: never 200 with an error in it. */
export const STATUS: Readonly<Record<ScriptRefusal | ConfigRefusal, number>> = {
  'not-synced': 503,
  'unknown-machine': 404,
  'ignored-by-policy': 404,
  'netboot-not-allowed': 403,
  'not-for-this-loader': 404,
  'profile-not-renderable': 500,
}
