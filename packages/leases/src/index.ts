export { NEVER, type AddressRange, type Claim, type Lease, type LeaseRecord, type Pool } from './lease.ts'
export type { LeaseEvent, LeaseLedger, LeaseStep, LeaseStore, StepResult } from './lease-store.ts'
export { LeaseTable } from './lease-table.ts'
export { runStep } from './run-step.ts'
