import type { hardware } from '@reboots/api'
import type { Cursor } from './cursor.ts'
import type { Path } from './problem.ts'

/** What a format makes of one record; the place and the leftover fields are added by whoever called it. */
export type Reading = Omit<hardware.Machine, 'metadata' | 'origin'> & {
  /** What the record itself calls metadata. */
  readonly metadata: Readonly<Record<string, unknown>>
}

export interface Format {
  readonly name: string
  /** Undefined when nothing can be made of it; then the report says why. */
  read(record: Cursor): Reading | undefined
  /** The path of a leftover field below `metadata`, seen from the record. */
  metadataPath(path: Path): Path
}
