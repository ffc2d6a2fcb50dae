import { write, writeSync } from 'node:fs'

/** Writes lines to a descriptor without ever waiting for whoever reads them. */
export interface LineWriter {
  write(line: string): void
  /** Resolves when everything written so far is out, or cannot be got out, or has taken too long. */
  flush(): Promise<void>
  /** The same for a process that is about to end and cannot wait. */
  flushSync(): void
}

/** Octets that queue while the reader is slow; lines beyond are lost, and counted. */
const MOST_QUEUED = 8 * 1024 * 1024
const AT_ONCE = 64 * 1024
const AGAIN_AFTER_MS = 20
const FLUSH_WITHIN_MS = 1000

/**
 * A line goes to the thread pool at once when nothing is on its way, else it queues. A reader that is gone (EPIPE) is no reason to
 * stop serving machines: what is written from then on is lost.
 */
export function lineWriter(fd: number): LineWriter {
  let queue: string[] = []
  let queued = 0
  let lost = 0
  let isOpen = true
  let writing = false
  let idle = Promise.withResolvers<void>()

  function next(): void {
    if (writing) return
    const bytes = taken()
    if (bytes.length === 0) return idle.resolve()
    writing = true
    send(bytes)
  }

  function taken(): Buffer {
    let text = ''
    let lines = 0
    while (lines < queue.length && text.length < AT_ONCE) text += queue[lines++]!
    queue = queue.slice(lines)
    queued -= text.length
    if (lost > 0 && queue.length === 0) text += lostLine()
    return Buffer.from(text)
  }

  function send(bytes: Buffer): void {
    write(fd, bytes, (error, written) => {
      if (error?.code === 'EAGAIN') return void setTimeout(send, AGAIN_AFTER_MS, bytes)
      if (error !== null) isOpen = false
      else if (written < bytes.length) return send(bytes.subarray(written))
      writing = false
      if (!isOpen) queue = []
      next()
    })
  }

  function lostLine(): string {
    const record = {
      level: 'warn',
      time: new Date().toISOString(),
      lost,
      msg: 'log lines were lost: the reader is too slow',
    }
    lost = 0
    return `${JSON.stringify(record)}\n`
  }

  return {
    write(line) {
      if (!isOpen) return
      if (queued + line.length > MOST_QUEUED) {
        lost++
        return
      }
      if (!writing) idle = Promise.withResolvers()
      queue.push(line)
      queued += line.length
      next()
    },
    async flush() {
      if (!writing) return
      const late = setTimeout(idle.resolve, FLUSH_WITHIN_MS)
      await idle.promise
      clearTimeout(late)
    },
    flushSync() {
      const until = Date.now() + FLUSH_WITHIN_MS
      let bytes: Uint8Array = Buffer.from(isOpen ? queue.join('') : '')
      queue = []
      while (bytes.length > 0 && Date.now() < until) bytes = bytes.subarray(writtenSync(fd, bytes))
    },
  }
}

/** How many octets went out: none when the reader has no room, all when it is gone. */
function writtenSync(fd: number, bytes: Uint8Array): number {
  try {
    return writeSync(fd, bytes)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 0 : bytes.length
  }
}
