const POLLIN = 1
const POLLOUT = 4
/** Errors are reported whether they are asked for or not. */
const POLLERR_HUP_NVAL = 0x38

/**
 * An array of `struct pollfd` for poll(2):
 *
 *     0     4         6          8
 *     | fd  | events  | revents  |
 */
export class PollSet {
  readonly memory: ArrayBuffer
  readonly address: bigint
  count = 0
  readonly #fds: Int32Array
  readonly #events: Int16Array

  constructor(room: number, addressOf: (memory: Uint8Array) => bigint) {
    this.memory = new ArrayBuffer(room * 8)
    this.address = addressOf(new Uint8Array(this.memory))
    this.#fds = new Int32Array(this.memory)
    this.#events = new Int16Array(this.memory)
  }

  clear(): void {
    this.count = 0
  }

  /** A place for a descriptor; with nothing to wait for, its errors are not waited for either. */
  add(fd: number, read: boolean, write: boolean): void {
    const at = this.count++
    this.#fds[at * 2] = read || write ? fd : -1
    this.#events[at * 4 + 2] = (read ? POLLIN : 0) | (write ? POLLOUT : 0)
    this.#events[at * 4 + 3] = 0
  }

  isReady(at: number): boolean {
    return this.#events[at * 4 + 3] !== 0
  }

  failed(at: number): boolean {
    return (this.#events[at * 4 + 3]! & POLLERR_HUP_NVAL) !== 0
  }
}
