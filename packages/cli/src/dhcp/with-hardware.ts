import { resolve } from 'node:path'
import { formatRefusal, OperatorError, type ChildMessage } from '@reboots/runtime'
import { startService } from '../up/child.ts'

/** Runs a hardware service for some files, on a port of its own, as long as `use` takes. OperatorError when it refuses them. */
export async function withHardware<T>(files: readonly string[], use: (address: string) => Promise<T>): Promise<T> {
  const { REBOOTS_CONFIG: _, ...outer } = process.env
  const env = {
    ...outer,
    REBOOTS_HARDWARE_FILES: JSON.stringify(files.map((file) => resolve(file))),
    REBOOTS_HARDWARE_LISTEN: '127.0.0.1:0',
    REBOOTS_HARDWARE_METRICS_LISTEN: 'off',
    REBOOTS_LOG_LEVEL: 'error',
    REBOOTS_LOG_FORMAT: 'pretty',
  }
  const announced = Promise.withResolvers<string>()
  const ended = Promise.withResolvers<void>()
  const service = startService('hardware', env, {
    // What it does not serve is as good as not in the files.
    line: (_service, text) => console.error(text),
    message: (_service, message) => settle(message, announced),
    ended(_service, how) {
      announced.reject(new OperatorError(`the hardware service ended: ${how}`, 'Look at what it has said.'))
      ended.resolve()
    },
  })
  try {
    return await use(await announced.promise)
  } finally {
    service.signal('SIGTERM')
    await ended.promise
  }
}

function settle(message: ChildMessage, announced: PromiseWithResolvers<string>): void {
  if (message.type === 'fatal') {
    const { service, message: what, remedy } = message
    announced.reject(new OperatorError(formatRefusal(service, what, remedy), 'See: reboots help dhcp'))
  } else {
    announced.resolve(message.listens.find(({ what }) => what === 'gRPC')!.address)
  }
}
