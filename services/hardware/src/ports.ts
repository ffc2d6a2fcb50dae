import type { Problem } from './records/problem.ts'

/** Where machines come from, as this service needs it: it keeps the roster up to date by itself. */
export interface MachineSource {
  /** What is wrong in the records now. */
  readonly problems: readonly Problem[]
  /** Why there is nothing to serve yet; undefined once there is. */
  readonly unready: string | undefined
  close(): Promise<void>
}
