import { holdsSecret, render, renderList, type Template } from './expression/template.ts'
import { refuseInArgument, shown } from './refuse.ts'

export type Failed = { readonly kind: 'failed'; readonly message: string }

export function failed(where: string, why: string): Failed {
  return { kind: 'failed', message: `${where}: ${why}` }
}

/** One item of a list is one text, none (empty text), or as many as the list it stands for. */
export function renderItems(template: Template, context: object): string[] | { readonly failed: string } {
  const list = renderList(template, context, refuseInArgument)
  if (list !== undefined) return 'failed' in list ? list : list.filter((item) => item !== '')
  const rendered = render(template, context, refuseInArgument)
  return 'failed' in rendered ? rendered : rendered.text === '' ? [] : [rendered.text]
}

const URL_SHAPE = /^[a-z][a-z0-9+.-]*:\/\/[^\s/]/i

/** An absolute URL; one that begins with a slash is below `http`, our own origin. */
export function renderUrl(where: string, template: Template, context: object, http: string): string | Failed {
  const rendered = render(template, context, refuseInArgument)
  if ('failed' in rendered) return failed(where, rendered.failed)
  const url = rendered.text.startsWith('/') ? http + rendered.text : rendered.text
  const named = holdsSecret(template) ? 'the URL' : shown(rendered.text)
  if (!URL_SHAPE.test(url)) return failed(where, `${named} is not an absolute URL`)
  if (/\s/.test(url)) return failed(where, `${named} holds a blank`)
  return url
}
