import { formatProblem, type Problem } from '@reboots/rules'

/** Why a policy is not put in force, or not found. */
export type RefusalKind =
  /** The document has errors, its tests fail, or nobody vouches for it. */
  | 'not-accepted'
  /** The request cannot be meant. */
  | 'bad-request'
  /** Another version is in force than the caller believes. */
  | 'conflict'
  /** The policy comes from where nothing can be written. */
  | 'elsewhere'
  | 'not-found'
  /** Where versions are kept cannot be reached. */
  | 'unavailable'

/** Lines that fit into a gRPC status. */
const MOST_LINES = 20

/** What is answered instead of doing what was asked. Nothing has changed. */
export class Refusal extends Error {
  readonly kind: RefusalKind
  /** Of the document; empty for other reasons. */
  readonly problems: readonly Problem[]

  constructor(kind: RefusalKind, message: string, problems: readonly Problem[] = []) {
    super(message)
    this.name = 'Refusal'
    this.kind = kind
    this.problems = problems
  }
}

/** A document that is not accepted, with each problem as a line, as far as they fit. */
export function notAccepted(problems: readonly Problem[]): Refusal {
  const lines = problems.slice(0, MOST_LINES).map((problem) => formatProblem(problem))
  const more = problems.length - lines.length
  if (more > 0) lines.push(`and ${more} more`)
  return new Refusal('not-accepted', lines.join('\n'), problems)
}
