import { mkdtemp } from 'node:fs/promises'
import path from 'node:path'
import type { Running } from '@reboots/testkit'
import type { Client } from './clients.ts'
import type { Subject } from './subjects/subject.ts'

export interface Stage {
  /** Where each server gets a directory of its own. */
  readonly directory: string
  /** Reservations to serve, or the size of the pool in clients. */
  readonly clients: number
  /** A load before anything is measured: exchanges a second, for so many seconds. */
  readonly warm: { readonly rate: number; readonly seconds: number } | undefined
}

const running = new Set<Running>()
process.once('exit', () => running.forEach((process) => process.kill()))

export function nameOf({ server, addresses, setting }: Subject): string {
  return `${server}, ${addresses}, ${setting}`
}

/** Starts the server, waits until it answers, warms it up, and ends it and everything it needed. */
export async function withServer<T>(
  subject: Subject,
  storm: Client,
  { directory, clients, warm }: Stage,
  measure: (pid: number) => Promise<T>,
): Promise<T> {
  const home = await mkdtemp(path.join(directory, `${subject.server}-`))
  const processes = await subject.start({ directory: home, clients })
  processes.forEach((process) => running.add(process))
  const server = processes.at(-1)!
  try {
    await answering(subject, storm, server, clients)
    for (const process of subject.stopWhenReady?.(processes) ?? []) await process.stop()
    if (warm !== undefined) await storm({ ...warm, clients })
    return await measure(server.pid)
  } finally {
    for (const process of processes) {
      await process.stop()
      running.delete(process)
    }
  }
}

/** Dialling until somebody answers: the servers do not all say when they are ready. */
async function answering(subject: Subject, storm: Client, process: Running, clients: number): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    const { completed } = await storm({ rate: 100, seconds: 0.05, clients })
    if (completed > 0) return
    if (process.ending !== undefined) break
  }
  throw new Error(`${nameOf(subject)} does not answer:\n${process.output}`)
}
