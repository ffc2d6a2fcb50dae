import { Environment } from '@marcbachmann/cel-js'
import { LIMITS } from '../limits.ts'
import { FACT_TYPES, SITE_TYPES, varsType, type RecordType } from './facts-context.ts'
import { registerFunctions } from './functions.ts'
import { HISTORY_TYPE, registerHistory } from './history-type.ts'

/** Where an expression stands: conditions see the facts, templates the site as well, matches only what asks. */
export interface Scope {
  readonly environment: Environment
  /** The variables, and the fields of every record type by its name: for messages about misspelt ones. */
  readonly variables: readonly string[]
  readonly fields: ReadonlyMap<string, Readonly<Record<string, string>>>
}

const options = {
  limits: {
    maxAstNodes: LIMITS.expressionNodes,
    maxDepth: LIMITS.expressionDepth,
    maxListElements: LIMITS.listLiteral,
    maxMapEntries: LIMITS.mapLiteral,
    maxCallArguments: LIMITS.callArguments,
  },
}

export const CONDITION_SCOPE = scopeOf(['client', 'network', 'machine', 'history', 'now'], FACT_TYPES)
export const TEMPLATE_SCOPE = scopeOf(['client', 'network', 'machine', 'site', 'now'], [...FACT_TYPES, ...SITE_TYPES])
export const MATCH_SCOPE = scopeOf(['client', 'network'], FACT_TYPES)
export const BOOT_FILE_SCOPE = scopeOf(['client', 'machine'], FACT_TYPES)

/** The scope, and `vars` with these names besides. */
export function withVars(scope: Scope, names: readonly string[]): { readonly scope: Scope; readonly vars: RecordType } {
  const vars = varsType(names)
  const environment = scope.environment.clone()
  environment.registerType(vars.name, { ctor: vars.view, fields: { ...vars.fields } })
  environment.registerVariable(vars.name, vars.name)
  const fields = new Map([...scope.fields, [vars.name, vars.fields] as const])
  return { scope: { environment, variables: [...scope.variables, vars.name], fields }, vars }
}

/** The language, without anything to speak of. */
export function languageOnly(): Environment {
  const environment = new Environment(options)
  registerFunctions(environment)
  return environment
}

function scopeOf(variables: readonly string[], types: readonly RecordType[]): Scope {
  const environment = languageOnly()
  for (const { name, fields, view } of types) environment.registerType(name, { ctor: view, fields: { ...fields } })
  registerHistory(environment)
  for (const name of variables) environment.registerVariable(name, name === 'now' ? 'google.protobuf.Timestamp' : name)
  return {
    environment,
    variables,
    fields: new Map([...types, HISTORY_TYPE].map(({ name, fields }) => [name, fields])),
  }
}
