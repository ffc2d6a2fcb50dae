import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import {
  THREAD_WORD,
  THREAD_WORDS,
  type ChannelMemory,
  type IoOrder,
  type IoReply,
  type ThreadMemory,
} from './channel.ts'
import type { Native, Readiness } from './native.ts'

/** What the I/O thread does for a socket, as the socket sees it. */
export interface IoLine {
  /** To be called when something has been put into `out`, or taken from `in` while the I/O thread wants room there. */
  wakeIo(): void
  forgetNeighbours(): void
  /** Resolves when everything has been sent that can be, and the descriptor is not used any more. */
  close(): Promise<void>
}

/** What a socket does with what has come in. */
export interface Inbox {
  /** Takes what is there, up to a batch. */
  take(): void
  isEmpty(): boolean
}

let running: IoThread | undefined

/** The line of one socket; the thread runs as long as there is one. */
export function openLine(native: Native, memory: ChannelMemory, inbox: Inbox): IoLine {
  running ??= new IoThread(native, () => (running = undefined))
  return running.open(memory, inbox)
}

class IoThread {
  readonly #native: Native
  readonly #memory: ThreadMemory
  readonly #words: Int32Array
  readonly #worker: Worker
  readonly #readiness: Readiness
  readonly #lines = new Map<number, Inbox>()
  readonly #closing = new Map<number, () => void>()
  readonly #over: () => void
  readonly #atExit = (): void => this.#order({ kind: 'end' })
  #last = 0
  #ending = false

  constructor(native: Native, over: () => void) {
    this.#native = native
    this.#over = over
    const words = new SharedArrayBuffer(THREAD_WORDS * 4)
    this.#memory = { words, mainBell: native.openBell(), ioBell: native.openBell() }
    this.#words = new Int32Array(words)
    this.#worker = new Worker(new URL('./io-worker.ts', import.meta.url), { workerData: this.#memory })
    this.#worker.on('message', ({ id }: IoReply) => this.#closed(id))
    // Without it the service is deaf.
    this.#worker.on('error', (error) => {
      throw error
    })
    this.#worker.on('exit', () => {
      if (!this.#ending) throw new Error('the I/O thread has ended by itself')
    })
    // A callback of libuv is none of Node's: what it leaves undone (promises, ticks, errors) is done in a turn of its own only.
    this.#readiness = native.watch(this.#memory.mainBell, () => {
      native.silence(this.#memory.mainBell)
      setImmediate(this.#turn)
    })
    Atomics.store(this.#words, THREAD_WORD.mainSleeps, 1)
    // Whoever ends the process waits for its threads, and this one waits for the network.
    process.once('exit', this.#atExit)
  }

  open(channel: ChannelMemory, inbox: Inbox): IoLine {
    const id = this.#last++
    this.#lines.set(id, inbox)
    this.#order({ kind: 'open', id, channel })
    return {
      wakeIo: () => this.#wakeIo(),
      forgetNeighbours: () => this.#order({ kind: 'forget-neighbours', id }),
      close: () => this.#close(id),
    }
  }

  /** One batch of each socket. As long as there is something, the bell is not needed. */
  readonly #turn = (): void => {
    try {
      for (const inbox of this.#lines.values()) inbox.take()
    } finally {
      if (this.#isEmpty()) this.#sleep()
      else setImmediate(this.#turn)
    }
  }

  /** Whoever fills a ring after we have said that we sleep rings the bell; what came before has to be looked for. */
  #sleep(): void {
    Atomics.store(this.#words, THREAD_WORD.mainSleeps, 1)
    if (!this.#isEmpty() && Atomics.exchange(this.#words, THREAD_WORD.mainSleeps, 0) === 1) setImmediate(this.#turn)
  }

  #isEmpty(): boolean {
    for (const inbox of this.#lines.values()) if (!inbox.isEmpty()) return false
    return true
  }

  #wakeIo(): void {
    if (Atomics.exchange(this.#words, THREAD_WORD.ioSleeps, 0) === 1) this.#native.ring(this.#memory.ioBell)
  }

  #order(order: IoOrder): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#worker.postMessage(order)
    Atomics.store(this.#words, THREAD_WORD.orders, 1)
    this.#wakeIo()
  }

  #close(id: number): Promise<void> {
    this.#lines.delete(id)
    const closed = new Promise<void>((resolve) => this.#closing.set(id, resolve))
    this.#order({ kind: 'close', id })
    return closed.then(() => (this.#lines.size === 0 && !this.#ending ? this.#end() : undefined))
  }

  #closed(id: number): void {
    this.#closing.get(id)?.()
    this.#closing.delete(id)
  }

  async #end(): Promise<void> {
    this.#ending = true
    this.#over()
    process.removeListener('exit', this.#atExit)
    const ended = once(this.#worker, 'exit')
    this.#order({ kind: 'end' })
    await ended
    this.#readiness.close()
    this.#native.close(this.#memory.mainBell)
    this.#native.close(this.#memory.ioBell)
  }
}
