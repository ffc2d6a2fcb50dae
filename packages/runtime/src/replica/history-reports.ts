import { Metadata } from '@grpc/grpc-js'
import { history } from '@reboots/api'
import { connect } from '../rpc/connect.ts'

const DEADLINE_MS = 5000

/** Where word of boots goes. */
export interface HistoryReports {
  /** Resolves when the rules-engine has kept it all; rejects if it does not say so in 5 seconds. */
  send(events: history.Event[]): Promise<void>
  close(): void
}

/** @param address gRPC address of the rules-engine */
export function openHistoryReports(address: string): HistoryReports {
  const client = connect(history.HistoryServiceClient, address)
  return {
    send: (events) =>
      new Promise((resolve, reject) => {
        const deadline = Date.now() + DEADLINE_MS
        client.report({ events }, new Metadata(), { deadline }, (error) => (error === null ? resolve() : reject(error)))
      }),
    close: () => client.close(),
  }
}
