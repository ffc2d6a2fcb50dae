import { BootFileContext, SiteContext } from './expression/facts-context.ts'
import { render, type Template } from './expression/template.ts'
import { isControl } from './refuse.ts'

/** Variables of a profile: templates over the facts, whose values its other templates name as `vars.name`. */
export interface Vars {
  readonly templates: ReadonlyMap<string, Template>
  /** Makes the object that expressions see. */
  readonly view: new (values: object) => object
}

/** Puts the values of the variables into the context that the other templates are rendered in. Says what does not work out, or undefined. */
export function setVars(vars: Vars | undefined, context: SiteContext | BootFileContext): string | undefined {
  if (vars === undefined) return undefined
  const values: [string, string][] = []
  for (const [name, template] of vars.templates) {
    const rendered = render(template, context, isControl)
    if ('failed' in rendered) return `vars.${name}: ${rendered.failed}`
    values.push([name, rendered.text])
  }
  context.vars = new vars.view(Object.fromEntries(values))
  return undefined
}
