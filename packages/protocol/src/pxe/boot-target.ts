import type { Ipv4Address } from '../net/index.ts'

/** Where a client gets its next program from. */
export interface BootTarget {
  /** The TFTP server; 0.0.0.0 when there is none to name, as in a refusal. */
  readonly nextServer: Ipv4Address
  /** A path for TFTP, or a URL. */
  readonly file: string
}

/** Where PXE boot servers listen (PXE 2.1 §2.2.5). */
export const BOOT_SERVER_PORT = 4011
