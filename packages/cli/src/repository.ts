import { fileURLToPath } from 'node:url'

/** The root of the repository, without a slash at the end. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '')

/** Where the root's tools are. */
export const BIN = `${ROOT}/node_modules/.bin`

/** Text that is written to a terminal may have colours. */
export function mayColor(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && (process.env['NO_COLOR'] ?? '') === ''
}
