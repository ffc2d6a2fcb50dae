import type { Loaded } from '@reboots/runtime'
import type { Config } from '../config.ts'

export type Examined = Pick<Loaded<Config>, 'config' | 'placeOf'>

/** A remark about a value: where it is, its key, and what is odd about it. */
export type Remark = (path: readonly (string | number)[], message: string) => string

export function remarkOn({ placeOf }: Examined): Remark {
  return (path, message) => `${placeOf(path)} ${path.join('.')}: ${message}`.trimStart()
}
