import { z } from 'zod'
import { nearest } from '../nearest.ts'

/** What is wrong with a value, as the end of a sentence that begins with its path. */
export function describeIssue(issue: z.core.$ZodIssue, value: unknown): string {
  if (value === undefined && (issue.code === 'invalid_type' || issue.code === 'invalid_value')) return 'is required'
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${article(issue.expected)}, not ${shown(value)}`
    case 'invalid_value':
      return describeChoice(issue.values.map(String), value)
    case 'too_small':
      return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unit(issue.origin)}, not ${shown(value)}`
    case 'too_big':
      return `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${unit(issue.origin)}, not ${shown(value)}`
    case 'invalid_union':
      return issue.errors
        .map((branch) => branch.map((inner) => describeIssue(inner, value)).join(' and '))
        .join(', or ')
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_key':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return issue.message
  }
}

function describeChoice(choices: readonly string[], value: unknown): string {
  const close = typeof value === 'string' ? nearest(value, choices) : undefined
  const list = choices.length === 1 ? choices[0]! : `one of ${choices.join(', ')}`
  return `must be ${list}, not ${shown(value)}${close === undefined ? '' : `; did you mean "${close}"?`}`
}

const ARTICLES: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'a mapping',
  record: 'a mapping',
  string: 'text',
}

function article(expected: string): string {
  return ARTICLES[expected] ?? expected
}

function unit(origin: string): string {
  if (origin === 'string') return ' characters long'
  return origin === 'array' || origin === 'set' || origin === 'map' ? ' entries long' : ''
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'a mapping'
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
