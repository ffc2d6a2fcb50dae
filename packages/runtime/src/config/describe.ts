import { z } from 'zod'
import { fieldsOf, type Schema } from './schema.ts'

export interface ConfigRow {
  /** `dhcp.metrics.listen` */
  readonly key: string
  readonly env: string
  /** As it is written in the file; `required` if there must be a value, empty text if there need not be one. */
  readonly default: string
  readonly description: string
}

/** Every key of a shape as a row of reference. */
export function describeConfig(shape: z.ZodObject): readonly ConfigRow[] {
  return fieldsOf(shape).map((field) => ({
    key: field.path.join('.'),
    env: field.env,
    default: defaultOf(field.schema),
    description: descriptionOf(field.schema),
  }))
}

function defaultOf(schema: Schema): string {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    const value: unknown = schema.def.defaultValue
    return typeof value === 'string' ? value : JSON.stringify(value)
  }
  return z.core.safeParse(schema, undefined).success ? '' : 'required'
}

function descriptionOf(schema: Schema): string {
  const own = z.globalRegistry.get(schema as z.ZodType)?.description
  if (own !== undefined) return own
  const inner = (schema._zod.def as { readonly innerType?: Schema }).innerType
  return inner === undefined ? '' : descriptionOf(inner)
}
