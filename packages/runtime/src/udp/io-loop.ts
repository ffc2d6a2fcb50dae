import { THREAD_WORD, type IoOrder, type IoReply, type ThreadMemory } from './channel.ts'
import { IoChannel } from './io-channel.ts'
import type { Native } from './native.ts'
import { PollSet } from './poll-set.ts'

/** Nobody should have to wait longer than this, whatever is forgotten. */
const LONGEST_SLEEP_MS = 1000

export interface IoLoopOptions {
  readonly native: Native
  readonly thread: ThreadMemory
  /** The next order, if there is one. */
  order(): IoOrder | undefined
  reply(reply: IoReply): void
}

/** What the I/O thread does all day: moves datagrams between sockets and rings, and sleeps when there is nothing to move. */
export class IoLoop {
  readonly #options: IoLoopOptions
  readonly #native: Native
  readonly #words: Int32Array
  readonly #channels = new Map<number, IoChannel>()
  #set: PollSet
  #ended = false

  constructor(options: IoLoopOptions) {
    this.#options = options
    this.#native = options.native
    this.#words = new Int32Array(options.thread.words)
    this.#set = this.#native.pollSet(1)
  }

  /** Until the order to end comes. */
  run(): void {
    while (!this.#ended) this.turn()
  }

  /** One round of all sockets, and a nap if there was nothing to do. */
  turn(): void {
    let moved = 0
    for (const channel of this.#channels.values()) {
      const received = channel.receive()
      if (received > 0) this.#wakeMain()
      moved += received + channel.send()
    }
    if (Atomics.exchange(this.#words, THREAD_WORD.orders, 0) === 1) this.#followOrders()
    else if (moved === 0) this.#sleep()
  }

  #wakeMain(): void {
    if (Atomics.exchange(this.#words, THREAD_WORD.mainSleeps, 0) === 1) this.#native.ring(this.#options.thread.mainBell)
  }

  /** Whoever wants something of us after we have said that we sleep rings the bell; what was wanted before has to be looked for. */
  #sleep(): void {
    Atomics.store(this.#words, THREAD_WORD.ioSleeps, 1)
    if (!this.#anythingToDo()) this.#wait()
    Atomics.store(this.#words, THREAD_WORD.ioSleeps, 0)
  }

  #anythingToDo(): boolean {
    if (Atomics.load(this.#words, THREAD_WORD.orders) === 1) return true
    for (const channel of this.#channels.values()) if (channel.hasToSend) return true
    return false
  }

  #wait(): void {
    const set = this.#set
    set.clear()
    set.add(this.#options.thread.ioBell, true, false)
    for (const channel of this.#channels.values()) set.add(channel.fd, channel.wantsToRead, channel.wantsToWrite)
    this.#native.wait(set, LONGEST_SLEEP_MS)
    let at = 1
    for (const channel of this.#channels.values()) {
      if (set.isReady(at)) channel.unblock()
      if (set.failed(at)) channel.rest()
      at++
    }
    if (set.isReady(0)) this.#native.silence(this.#options.thread.ioBell)
  }

  #followOrders(): void {
    for (let order = this.#options.order(); order !== undefined; order = this.#options.order()) this.#follow(order)
  }

  #follow(order: IoOrder): void {
    switch (order.kind) {
      case 'open':
        this.#channels.set(order.id, new IoChannel(this.#native, order.channel))
        this.#set = this.#native.pollSet(this.#channels.size + 1)
        return
      case 'close':
        this.#close(order.id)
        return
      case 'forget-neighbours':
        this.#channels.get(order.id)?.forgetNeighbours()
        return
      case 'end':
        for (const channel of this.#channels.values()) channel.sendAll()
        this.#ended = true
    }
  }

  #close(id: number): void {
    this.#channels.get(id)?.sendAll()
    this.#channels.delete(id)
    this.#options.reply({ kind: 'closed', id })
  }
}
