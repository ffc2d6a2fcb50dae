import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { IoOrder, ThreadMemory } from './channel.ts'
import { IoLoop } from './io-loop.ts'
import { loadNative } from './native.ts'

const port = parentPort!
const native = await loadNative()
if (native === undefined) throw new Error('the I/O thread cannot load koffi, which the main thread has loaded')

new IoLoop({
  native,
  thread: workerData as ThreadMemory,
  order: () => receiveMessageOnPort(port)?.message as IoOrder | undefined,
  reply: (reply) => port.postMessage(reply),
}).run()
port.close()
