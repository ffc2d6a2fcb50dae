/** Keys and indexes from the root of a document. */
export type Path = readonly (string | number)[]

export interface Place {
  /** Both count from 1. */
  readonly line: number
  readonly column: number
}

/** Something wrong in a document. */
export interface Finding {
  /** A refused record is not served; a warning does not keep it from being served. */
  readonly severity: 'refused' | 'warning'
  readonly path: Path
  /** What is wrong and what to do about it. */
  readonly message: string
}

/** A finding, with where it is, or why a whole file cannot be read. */
export interface Problem extends Place {
  readonly severity: Finding['severity'] | 'unreadable'
  readonly file: string
  /** `spec.interfaces[0].dhcp.mac`; empty for a whole document or file. */
  readonly path: string
  readonly message: string
}

/** `file:line:column path: message`, as compilers print it. */
export function formatProblem({ file, line, column, path, message }: Problem): string {
  return `${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${message}`
}

/** Keys joined by dots, indexes in brackets, and keys that are no plain words (MAC addresses) in brackets and quotes. */
export function formatPath(path: Path): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else if (/^[\w-]+$/.test(part)) text += text === '' ? part : `.${part}`
    else text += `[${JSON.stringify(part)}]`
  }
  return text
}

/** A value as a message quotes it: short, on one line. */
export function quote(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'a mapping'
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
