import { FACT_SCHEMA, SITE_SCHEMA, type FieldType } from '../fact-schema.ts'
import { NO_HISTORY } from '../boot-history.ts'
import type { Facts } from '../facts.ts'
import type { SiteFacts } from '../site.ts'
import { HistoryView } from './history-type.ts'
import { timestampOf } from './timestamp.ts'

/** One object type of CEL: its fields, and the class by which the evaluator knows a value to be of this type. */
export interface RecordType {
  readonly name: string
  readonly fields: Readonly<Record<string, string>>
  readonly view: new (source: object) => object
}

/**
 * Views make plain facts typed for CEL without copying them: one small object per evaluation, whose getters read the facts and
 * turn integers into the BigInt that CEL's `int` is. Types are named by their path, so that messages can show it.
 */
function recordTypes(name: string, schema: { readonly [field: string]: FieldType }, into: RecordType[]): RecordType {
  const fields: Record<string, string> = {}
  const view = class {
    readonly source: Readonly<Record<string, unknown>>
    constructor(source: object) {
      this.source = source as Readonly<Record<string, unknown>>
    }
  }
  for (const [field, type] of Object.entries(schema)) {
    const inner = typeof type === 'string' ? undefined : recordTypes(`${name}.${field}`, type, into)
    const typeName = typeof type === 'string' ? type : `${name}.${field}`
    fields[field] = typeName
    Object.defineProperty(view.prototype, field, { get: getter(field, typeName, inner) })
  }
  const record = { name, fields, view }
  into.push(record)
  return record
}

type View = { readonly source: Readonly<Record<string, unknown>> }

function getter(field: string, type: string, inner: RecordType | undefined): (this: View) => unknown {
  if (inner !== undefined) {
    const View = inner.view
    return function () {
      const value = this.source[field]
      return typeof value === 'object' && value !== null ? new View(value) : undefined
    }
  }
  if (type === 'int') {
    return function () {
      const value = this.source[field]
      return Number.isSafeInteger(value) ? BigInt(value as number) : undefined
    }
  }
  if (type.startsWith('map<')) {
    return function () {
      return asMapping(this.source[field])
    }
  }
  return function () {
    return this.source[field]
  }
}

/** The evaluator knows a plain object by its `constructor`: one that has a key of that name has to come as a Map. */
function asMapping(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'constructor')) return value
  return new Map(Object.entries(value))
}

const factTypes: RecordType[] = []
const client = recordTypes('client', FACT_SCHEMA.client, factTypes)
const network = recordTypes('network', FACT_SCHEMA.network, factTypes)
const machine = recordTypes('machine', FACT_SCHEMA.machine, factTypes)
const siteTypes: RecordType[] = []
const site = recordTypes('site', SITE_SCHEMA.site, siteTypes)

export const FACT_TYPES: readonly RecordType[] = factTypes
export const SITE_TYPES: readonly RecordType[] = siteTypes

/** What is seen of whoever asks, before it is known which machine that is. */
export type Sighting = Pick<Facts, 'client' | 'network'>

/** The variables of a match. */
export class SightingContext {
  readonly client: object
  readonly network: object

  constructor(sighting: Sighting) {
    this.client = new client.view(sighting.client)
    this.network = new network.view(sighting.network)
  }
}

/** The variables of one evaluation. */
export class FactsContext {
  readonly client: object
  readonly network: object
  readonly machine: object
  readonly #facts: Facts
  #now: unknown

  constructor(facts: Facts) {
    this.client = new client.view(facts.client)
    this.network = new network.view(facts.network)
    this.machine = new machine.view(facts.machine)
    this.#facts = facts
  }

  /** Made when a rule asks for it, as `now` is. */
  get history(): HistoryView {
    return new HistoryView(this.#facts.history ?? NO_HISTORY, this.#facts.now)
  }

  /** Made when a rule asks for it, which few do. */
  get now(): unknown {
    this.#now ??= timestampOf(this.#facts.now)
    return this.#now
  }
}

/** The variables of a template. */
export class SiteContext extends FactsContext {
  readonly site: object
  /** Those of the profile, once they are known. */
  vars?: object

  constructor(facts: Facts, siteFacts: SiteFacts) {
    super(facts)
    this.site = new site.view(siteFacts)
  }
}

/** The variables of a template that is rendered on the packet path, where of the site nothing is known. */
export class BootFileContext {
  readonly client: object
  readonly machine: object
  vars?: object

  constructor(facts: Pick<Facts, 'client' | 'machine'>) {
    this.client = new client.view(facts.client)
    this.machine = new machine.view(facts.machine)
  }
}

/** `vars` with fields of these names, all of them text. */
export function varsType(names: readonly string[]): RecordType {
  // oxlint-disable-next-line typescript/no-extraneous-class -- the evaluator knows by its class that a value is of this type
  const view = class {
    constructor(values: object) {
      Object.assign(this, values)
    }
  }
  return { name: 'vars', fields: Object.fromEntries(names.map((name) => [name, 'string'])), view }
}
