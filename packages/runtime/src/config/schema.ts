import { z } from 'zod'

export type Schema = z.core.$ZodType

/** What a schema says about the value it takes in, without optional, default, pipe and the like around it. */
export function unwrap(schema: Schema): Schema {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodNonOptional ||
    schema instanceof z.ZodCatch ||
    schema instanceof z.ZodReadonly
  ) {
    return unwrap(schema.def.innerType)
  }
  if (schema instanceof z.ZodPipe)
    return unwrap(schema.def.in instanceof z.ZodTransform ? schema.def.out : schema.def.in)
  return schema
}

/** A missing object is read as an empty one, so that its keys get their defaults; an optional object stays missing. */
export function isRequiredObject(schema: Schema): boolean {
  return schema instanceof z.ZodObject
}

/** One value an operator can set. */
export interface Field {
  /** From the section down: `['dhcp', 'metrics', 'listen']`. */
  readonly path: readonly string[]
  /** `REBOOTS_DHCP_METRICS_LISTEN`. */
  readonly env: string
  readonly schema: Schema
}

/** camelCase, kebab-case and nesting to UPPER_SNAKE. */
export function envName(path: readonly string[]): string {
  const words = path.map((part) => part.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replaceAll('-', '_'))
  return `REBOOTS_${words.join('_')}`.toUpperCase()
}

/** Every field of a shape, in the order written. */
export function fieldsOf(shape: z.ZodObject, path: readonly string[] = []): Field[] {
  return Object.entries(shape.shape).flatMap(([key, schema]: [string, Schema]) => {
    const here = [...path, key]
    const inner = unwrap(schema)
    return inner instanceof z.ZodObject ? fieldsOf(inner, here) : [{ path: here, env: envName(here), schema }]
  })
}

/** A value that no message repeats: `fields.secret`. */
export function isSecret(schema: Schema): boolean {
  return z.globalRegistry.get(unwrap(schema) as z.ZodType)?.['secret'] === true
}
