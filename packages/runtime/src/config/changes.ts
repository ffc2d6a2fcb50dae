import { isDeepStrictEqual } from 'node:util'
import type { z } from 'zod'
import { fieldsOf, type Field } from './schema.ts'

/** The fields of a shape that two configurations have other values for. */
export function changedFields(shape: z.ZodObject, before: unknown, after: unknown): Field[] {
  return fieldsOf(shape).filter(({ path }) => !isDeepStrictEqual(valueAt(before, path), valueAt(after, path)))
}

/** Whether a key is one of those, or within one of them: `boot` has `boot.tftpPort`. */
export function isWithin(path: readonly string[], keys: readonly string[]): boolean {
  const key = path.join('.')
  return keys.some((outer) => key === outer || key.startsWith(`${outer}.`))
}

function valueAt(config: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, part) => (inner as Record<string, unknown> | undefined)?.[part], config)
}
