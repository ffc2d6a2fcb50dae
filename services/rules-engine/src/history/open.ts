import path from 'node:path'
import { history as api } from '@reboots/api'
import type { Histories } from '@reboots/rules'
import { historyFile } from '../adapters/history-file.ts'
import { historyMemory } from '../adapters/history-memory.ts'
import type { Config } from '../config.ts'
import type { Policies } from '../policies.ts'
import { HistoryKeeper } from './keeper.ts'
import { historyService, type HistoryHandling } from './service.ts'

/** The history of boots, and the gRPC service over it. */
export interface OpenHistory {
  readonly histories: Histories
  readonly service: readonly [typeof api.HistoryServiceService, api.HistoryServiceServer]
  /** Ends the streams. */
  end(): void
  close(): void
}

/** The history as it is configured. @throws OperatorError when its file cannot be used */
export function openHistory(
  { history: { store: kind, file }, versions }: Config['rules'],
  directory: string,
  policies: Pick<Policies, 'subscribe'>,
  handling: Omit<HistoryHandling, 'keeper'>,
): OpenHistory {
  const store = kind === 'sqlite' ? historyFile(path.resolve(directory, file)) : historyMemory
  const keeper = new HistoryKeeper(store)
  const { service, close } = historyService({ ...handling, keeper })
  const unsubscribe = policies.subscribe(({ policy, version }) => {
    if (!policy.readsHistory) return
    const warn = (what: string): void => handling.log.warn({ version }, what)
    if (kind === 'memory')
      warn('the policy looks at past boots, which are forgotten at a restart: set rules.history.store to sqlite')
    if (versions.store === 'redis')
      warn('the policy looks at past boots, of which each replica of this service knows those it was told itself')
  })
  return {
    histories: keeper,
    service: [api.HistoryServiceService, service],
    end: close,
    close() {
      unsubscribe()
      store.close()
    },
  }
}
