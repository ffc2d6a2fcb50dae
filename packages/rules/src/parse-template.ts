import type { Place, Reader } from './document.ts'
import { ExpressionError } from './expression/expression-error.ts'
import { compileTemplate, type Template, type TemplateOptions } from './expression/template.ts'
import { LIMITS } from './limits.ts'

/** An absolute URL, or a path below our own origin that begins with a slash. */
export function readUrl(reader: Reader, place: Place, options: TemplateOptions): Template | undefined {
  const template = readTemplate(reader, place, 'a URL', LIMITS.expressionCharacters, options)
  const [first] = template?.parts ?? []
  if (first === undefined || (typeof first === 'string' && !/^(?:\/|[a-z][a-z0-9+.-]*:\/\/)/i.test(first))) {
    return template && reader.report(place, 'expected an absolute URL, such as http://server/path, or /path')
  }
  return template
}

export function readArgument(reader: Reader, place: Place, options: TemplateOptions): Template | undefined {
  return readTemplate(reader, place, 'an argument', LIMITS.expressionCharacters, { ...options, list: true })
}

export function readTemplate(
  reader: Reader,
  place: Place,
  what: string,
  most: number,
  options: TemplateOptions,
): Template | undefined {
  const text = reader.readText(place, what, most)
  if (text === undefined) return undefined
  try {
    return compileTemplate(text, options)
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    return reader.reportInText(place, error.offset, error.message)
  }
}
