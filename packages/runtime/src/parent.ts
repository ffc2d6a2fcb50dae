/** One thing a service has open. */
export interface Listen {
  /** What is spoken there: `DHCP`, `proxyDHCP`, `TFTP`, `HTTP`, `gRPC`, `metrics`. */
  readonly what: string
  /** `192.0.2.1:67` or `0.0.0.0:67 on eth0`. */
  readonly address: string
}

/** What a service says to the process that started it, over Node's IPC channel. */
export type ChildMessage =
  | {
      readonly type: 'announce'
      readonly service: string
      readonly listens: readonly Listen[]
      readonly answers: string
    }
  | { readonly type: 'fatal'; readonly service: string; readonly message: string; readonly remedy: string }

export function connectedToParent(): boolean {
  return process.send !== undefined && process.connected
}

/** Resolves when the message has been handed over, or at once without a parent; never rejects. */
export function tellParent(message: ChildMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve()
    else process.send(message, undefined, undefined, () => resolve())
  })
}
