import { compile, reasonOf, type Expression } from './compile.ts'
import { TEMPLATE_SCOPE, type Scope } from './environment.ts'
import { ExpressionError } from './expression-error.ts'

/** Text with `{{ expression }}` in it. */
export interface Template {
  readonly text: string
  readonly parts: readonly (string | Insertion)[]
}

export interface Insertion {
  readonly expression: Expression
  /** Reads what a machine on the wire says of itself, and not only what the operator wrote. */
  readonly untrusted: boolean
  /** Stands between double quotes in the template. */
  readonly quoted: boolean
}

/** A value that came out of a template, or why none did. */
export type Rendered = { readonly text: string } | { readonly failed: string }

const INSERTABLE: ReadonlySet<string> = new Set(['string', 'int', 'double', 'bool', 'dyn'])
export const LIST = 'list<string>'

export interface TemplateOptions {
  /** A template that is one single insertion may have a list of texts as its value. */
  readonly list?: boolean
  /** What its expressions see; the facts and the site, unless it says otherwise. */
  readonly scope?: Scope
  /** Variables that hold what machines on the wire say of themselves; `client` and `network`, unless it says otherwise. */
  readonly untrusted?: readonly string[]
}

export const FROM_THE_WIRE: readonly string[] = ['client', 'network']

/**
 * Parses and type-checks a template. `{{` begins an expression and `}}` outside of its quotes ends it; iPXE's own `${…}` passes
 * through.
 * @throws ExpressionError
 */
export function compileTemplate(text: string, options: TemplateOptions = {}): Template {
  const parts: (string | Insertion)[] = []
  let at = 0
  for (;;) {
    const open = text.indexOf('{{', at)
    if (open > at || open < 0) parts.push(text.slice(at, open < 0 ? undefined : open))
    if (open < 0) break
    const close = endOf(text, open + 2)
    parts.push(insertion(text, open + 2, close, options))
    at = close + 2
    if (at === text.length) break
  }
  return { text, parts: parts.filter((part) => part !== '') }
}

/** Offset of the `}}` that ends the expression at `from`. */
function endOf(text: string, from: number): number {
  let quote = ''
  for (let at = from; at < text.length; at++) {
    const character = text[at]!
    if (quote !== '') {
      if (character === '\\') at++
      else if (character === quote) quote = ''
    } else if (character === '"' || character === "'") quote = character
    else if (character === '}' && text[at + 1] === '}') return at
  }
  throw new ExpressionError('"{{" without "}}"', from - 2)
}

function insertion(text: string, from: number, to: number, options: TemplateOptions): Insertion {
  const { list = false, scope = TEMPLATE_SCOPE, untrusted = FROM_THE_WIRE } = options
  const mayBeList = list && from === 2 && to + 2 === text.length
  const expression = compileAt(text.slice(from, to), from, scope)
  if (!INSERTABLE.has(expression.type) && !(mayBeList && expression.type === LIST)) {
    const list = expression.type === LIST ? ' (a list has to be the whole item of a list)' : ''
    throw new ExpressionError(`a value of type ${expression.type} cannot be inserted here${list}`, from)
  }
  return {
    expression,
    untrusted: untrusted.some((name) => expression.reads.has(name)),
    quoted: text[from - 3] === '"' && text[to + 2] === '"',
  }
}

function compileAt(text: string, offset: number, scope: Scope): Expression {
  try {
    return compile(text, scope)
  } catch (error) {
    if (error instanceof ExpressionError) throw new ExpressionError(error.message, error.offset + offset)
    throw error
  }
}

/** Puts the values in. `refuse` says what is wrong with a value at its place, or undefined. Never throws. */
export function render(
  template: Template,
  context: object,
  refuse: (value: string, where: Insertion) => string | undefined,
): Rendered {
  let text = ''
  for (const part of template.parts) {
    if (typeof part === 'string') {
      text += part
      continue
    }
    const value = textOf(part.expression, context)
    if ('failed' in value) return value
    const wrong = refuse(value.text, part)
    if (wrong !== undefined) return { failed: `${shownInsertion(part.expression)} ${wrong}` }
    text += value.text
  }
  return { text }
}

function textOf(expression: Expression, context: object): Rendered {
  try {
    const value = expression.evaluate(context)
    if (typeof value === 'string') return { text: value }
    if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean')
      return { text: String(value) }
    return { failed: `${shownInsertion(expression)} is neither text nor number nor boolean` }
  } catch (error) {
    return failure(expression, error)
  }
}

/** The list that a template of one insertion stands for, each item checked by `refuse`; undefined if the template is not of that kind. */
export function renderList(
  template: Template,
  context: object,
  refuse: (value: string, where: Insertion) => string | undefined,
): readonly string[] | { readonly failed: string } | undefined {
  const [only] = template.parts
  if (only === undefined || typeof only === 'string' || only.expression.type !== LIST) return undefined
  try {
    const items = only.expression.evaluate(context) as readonly string[]
    const wrong = items.map((item) => refuse(item, only)).find((why) => why !== undefined)
    return wrong === undefined ? items : { failed: `${shownInsertion(only.expression)} ${wrong}` }
  } catch (error) {
    return failure(only.expression, error)
  }
}

/** The reason may repeat the value, which a secret must not be. */
function failure(expression: Expression, error: unknown): { readonly failed: string } {
  return {
    failed: `${shownInsertion(expression)}: ${holdsSecret(expression) ? 'cannot be evaluated' : reasonOf(error)}`,
  }
}

/** Whether a value may be the password of the registry, or be made of it: no message shows it then. */
export function holdsSecret({ text }: { readonly text: string }): boolean {
  return text.includes('registry')
}

/** The insertion as messages show it, on one line and not too long. */
function shownInsertion({ text }: Expression): string {
  const line = text.trim().replaceAll(/\s+/g, ' ')
  return `{{ ${line.length > 64 ? `${line.slice(0, 61)}...` : line} }}`
}
