import type { HistoryStore } from '../ports.ts'

/** Keeps nothing: what is remembered ends with the process. */
export const historyMemory: HistoryStore = { load: () => [], save() {}, close() {} }
