import type { Draft, Entry, VersionStore } from '../ports.ts'

/** A history that ends with the process. */
export function memoryStore(keep: number): VersionStore {
  const entries: Entry[] = []
  const latest = (): Entry | undefined => entries.at(-1)
  const add = (entry: Entry): void => {
    entries.push(entry)
    if (entries.length > keep) entries.shift()
  }
  return {
    name: 'memory',
    durable: false,
    heads: () => Promise.resolve(entries.toReversed()),
    get: (revision) => Promise.resolve(entries.find((entry) => entry.revision === revision)),
    append(draft: Draft, replaces, known) {
      if (replaces !== '*' && latest()?.version !== replaces) return Promise.resolve(undefined)
      const entry = { ...draft, revision: Math.max(latest()?.revision ?? 0, known) + 1 }
      add(entry)
      return Promise.resolve(entry)
    },
    restore(entry) {
      if ((latest()?.revision ?? 0) < entry.revision) add(entry)
      return Promise.resolve()
    },
    watch() {},
    close: () => Promise.resolve(),
  }
}
