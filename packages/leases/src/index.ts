export { NEVER, type AddressRange, type Claim, type Lease, type Pool } from './lease.ts'
export type { LeaseStep, LeaseStore, StepResult } from './lease-store.ts'
export { LeaseTable } from './lease-table.ts'
