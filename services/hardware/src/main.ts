import { stat } from 'node:fs/promises'
import { OperatorError, runService, serveRpc, startHealth } from '@reboots/runtime'
import { openFileSource } from './adapters/file-source.ts'
import { EXAMPLE, machinePaths, shape } from './config.ts'
import { handle } from './handle.ts'
import type { MachineSource } from './ports.ts'
import { Roster } from './roster/roster.ts'
import { openTelemetry } from './telemetry.ts'

await runService({
  name: 'hardware',
  shape,
  async start({ config: { hardware }, directory, log, metrics, announce }) {
    const paths = machinePaths(hardware, directory)
    for (const path of paths) await mustExist(path)
    if (paths.includes(EXAMPLE))
      log.warn(`serving the example machines of ${EXAMPLE}, which exist nowhere: name your own in hardware.files`)
    const roster = new Roster()
    const telemetry = openTelemetry(log, metrics, roster)
    // Calls are taken before the files are read: watchers wait, and large files take a while.
    const rpc = await serveRpc({ listen: hardware.listen, services: handle(roster, telemetry), log })
    let source: MachineSource | undefined
    const ready = (): string[] => (source === undefined ? ['reading the machine files'] : [source.unready ?? []].flat())
    const health = await startHealth({ listen: hardware.metrics.listen, metrics, ready })
    source = await openFileSource({ paths, roster, loaded: (load) => telemetry.loaded(load) })
    announce(
      [
        { what: 'gRPC', address: rpc.address },
        { what: 'metrics', address: health.address },
      ],
      `${count(roster.entries.length)} from ${paths.join(', ')}`,
    )
    return {
      async close() {
        await source.close()
        await rpc.close()
        await health.close()
      },
    }
  },
})

function count(machines: number): string {
  return machines === 1 ? '1 machine' : `${machines} machines`
}

async function mustExist(path: string): Promise<void> {
  const failure = await stat(path).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error.code,
  )
  if (failure === undefined) return
  throw new OperatorError(
    `hardware.files names ${path}, which cannot be read (${failure})`,
    'Correct hardware.files in the configuration, or create the file; it may be empty.',
  )
}
