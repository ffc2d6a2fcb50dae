export {
  NEVER,
  type AddressEntry,
  type AddressRange,
  type Claim,
  type Hold,
  type Lease,
  type LeaseRecord,
  type Pool,
} from './lease.ts'
export {
  LeasesUnavailable,
  type LeaseEvent,
  type LeaseLedger,
  type LeaseStep,
  type LeaseStore,
  type StepResult,
  type Subject,
} from './lease-store.ts'
export { LeaseTable } from './lease-table.ts'
export { runStep } from './run-step.ts'
