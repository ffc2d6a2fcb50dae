/** Several signals within this time are one wish: a terminal, npm and the process that started this one may each send it. */
const SAME_WISH_MS = 700

/**
 * Resolves at Ctrl-C, SIGTERM, a closed terminal, or when the process that started this one is gone. A second Ctrl-C ends this
 * process at once; the services end by themselves then, because their channel breaks.
 */
export function stopRequested(): Promise<void> {
  return new Promise((resolve) => {
    let first: number | undefined
    const stop = (): void => {
      first ??= performance.now()
      resolve()
    }
    process.on('SIGINT', () => {
      if (first !== undefined && performance.now() - first > SAME_WISH_MS) process.exit(130)
      stop()
    })
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
    if (process.send !== undefined) process.on('disconnect', stop)
    // The reader of our output is gone, as with `| head`.
    process.stdout.on('error', stop)
  })
}
