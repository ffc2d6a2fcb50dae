export {
  historySubject,
  NO_HISTORY,
  reopenedAt,
  withBoot,
  withBooted,
  bootsWithin,
  isBooted,
  type Boot,
  type BootHistory,
} from './boot-history.ts'
export {
  clientFacts,
  describedClientFacts,
  networkFacts,
  plainClientFacts,
  type Arrival,
  type DescribedClient,
  type PlainClient,
} from './client-facts.ts'
export { decide } from './decide.ts'
export type { AskDecision, BootDecision, Decision, OwnDecision, Tried, Verdict } from './decision.ts'
export { DEFAULT_POLICY } from './default-policy.ts'
export { explain, type Explained, type Explanation } from './explain.ts'
export { compileMatch, type Match } from './expression/condition.ts'
export { ExpressionError } from './expression/expression-error.ts'
export type { Sighting } from './expression/facts-context.ts'
export { factPaths } from './fact-schema.ts'
export type { ClientFacts, Facts, MachineFacts, NetworkFacts } from './facts.ts'
export { GUARD } from './guard.ts'
export { bootHistory, historyFor, type Histories, type HistoryRecord } from './history-record.ts'
export { LIMITS } from './limits.ts'
export { lintPolicy } from './lint.ts'
export { Impact, type Difference, type ImpactReport } from './impact.ts'
export { machineFacts, UNKNOWN_MACHINE } from './machine-facts.ts'
export type { InterfaceRecord, MachineRecord } from './machine-record.ts'
export { bootMenuOf, type Boots, type Menu, type MenuEntry } from './menu.ts'
export { Outcomes, type Outcome } from './outcome.ts'
export { parsePolicy } from './parse-policy.ts'
export { OTHERWISE, type Mark, type Policy, type Profile, type Rule } from './policy.ts'
export { formatDecision } from './policy-tests.ts'
export { formatProblem, PolicyError, type Problem } from './problem.ts'
export { renderBoot } from './render-boot.ts'
export { renderConfig } from './render-config.ts'
export type { RenderedBoot } from './rendered-boot.ts'
export { firmwareSent, SeenBoots, type Seen, type Sent } from './seen-boots.ts'
export { shadowDifference, type ShadowDifference } from './shadow.ts'
export type { SiteFacts } from './site.ts'
export { targetFor, type BootServers, type TargetSilence } from './target.ts'
