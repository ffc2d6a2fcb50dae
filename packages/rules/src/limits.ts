/**
 * What a policy may cost. A condition runs on the packet path, so its price is bounded when the policy is read and not when it
 * runs: CEL has no loops but its macros, so nodes × list length ^ nesting is the most it can do, if `+` is counted by what it puts
 * together. A step takes well under 100 ns.
 */
export const LIMITS = {
  /** Characters of a document; below gRPC's 4 MiB message limit also when half of them are not ASCII. */
  documentCharacters: 2_097_152,
  rules: 10_000,
  profiles: 1_000,
  menus: 1_000,
  tests: 20_000,
  /** Items of one `args` or `initrd` list. */
  listItems: 256,
  nameCharacters: 128,
  reasonCharacters: 256,
  /** Characters of the name of a boot file: the header field holds as many. */
  bootFileCharacters: 127,
  /** Characters of an iPXE script template. */
  scriptCharacters: 65_536,
  expressionCharacters: 4_096,
  /** Nodes of the syntax tree of one expression. */
  expressionNodes: 2_000,
  /** One more than the parentheses that every implementation of CEL has to take. */
  expressionDepth: 33,
  listLiteral: 1_000,
  mapLiteral: 100,
  callArguments: 8,
  /** `all`, `exists`, `exists_one`, `map`, `filter` inside one another. */
  macroNesting: 2,
  /** Nodes that one evaluation may visit: those in a macro count once for each element, a list among the facts as 64. */
  expressionSteps: 50_000,
  /** The same over all rules of a policy, since a packet may be tried against each. */
  policySteps: 500_000,
  /** The same for a match in a hardware record, of which a site may have `matches`: all are tried for a client nobody knows. */
  matchSteps: 1_000,
  matches: 100,
  /** The same over all tests of a document, which every service runs when it gets the policy: some seconds. */
  testSteps: 50_000_000,
  /** Characters of a text that `replace()` makes. */
  madeCharacters: 4_096,
  patternCharacters: 256,
  /** Instructions of a compiled pattern: the time per character of the text. */
  patternProgram: 1_000,
  /** Network boots that are remembered of a machine, and so the most a guard can ask for. */
  keptBoots: 32,
  /** Days that a guard may look back. */
  guardDays: 30,
  /** Profiles of which it is remembered that a machine's operating system has booted from them. */
  finishedProfiles: 64,
  /** Problems reported for one document; with that many the rest of it is not read. */
  problems: 200,
} as const
