export { NEVER, type AddressRange, type Claim, type Lease, type Pool } from './lease.ts'
export { LeaseTable } from './lease-table.ts'
