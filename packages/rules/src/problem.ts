/** One thing that is wrong with a policy, where a person can find it. */
export interface Problem {
  /** File name, or whatever names the document. */
  readonly source: string
  /** Both count from 1; the column in UTF-16 units, as editors do. */
  readonly line: number
  readonly column: number
  /** Place in the document, `rules[2].when`; empty for the document itself. */
  readonly path: string
  readonly message: string
}

/** A policy that is not accepted, with every problem found in it, in document order. */
export class PolicyError extends Error {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => formatProblem(problem)).join('\n'))
    this.name = 'PolicyError'
    this.problems = problems
  }
}

/** `policy.yaml:12:9 rules[2].when: message` */
export function formatProblem(problem: Problem): string {
  const path = problem.path === '' ? '' : ` ${problem.path}`
  return `${problem.source}:${problem.line}:${problem.column}${path}: ${problem.message}`
}
