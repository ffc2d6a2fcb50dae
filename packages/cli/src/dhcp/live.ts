import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { status, type ServiceError } from '@grpc/grpc-js'
import { config } from '@reboots/api'
import { connect, OperatorError } from '@reboots/runtime'

const WITHIN_MS = 10_000

/** Prints the configuration that a running service has in force. Gives the exit code. */
export async function show(address: string): Promise<number> {
  return asking(address, async (client) => {
    const { text, problems } = await promisify<config.GetRequest, config.GetResponse>(client.get.bind(client))({})
    process.stdout.write(text)
    for (const problem of problems) console.error(`refused in the file as it is now: ${problem}`)
    return problems.length === 0 ? 0 : 1
  })
}

/** Has a running service write a configuration to its file and put it in force. Gives the exit code. */
export async function apply(file: string, replaces: string, address: string): Promise<number> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new OperatorError(
      `${file} cannot be read: ${error.code ?? error.message}`,
      'Name the file of the new configuration.',
    )
  })
  return asking(address, async (client) => {
    const call = promisify<config.ApplyRequest, config.ApplyResponse>(client.apply.bind(client))
    const { version } = await call({ text, replaces })
    console.log(`in force: version ${version}`)
    return 0
  })
}

/** What the service refuses is said with exit code 1; that there is no service is an error for the operator. */
async function asking(address: string, ask: (client: config.ConfigServiceClient) => Promise<number>): Promise<number> {
  const client = connect(config.ConfigServiceClient, address)
  try {
    await promisify<number, void>(client.waitForReady.bind(client))(Date.now() + WITHIN_MS)
    return await ask(client)
  } catch (error) {
    const { code, details } = error as Partial<ServiceError>
    if (code !== status.INVALID_ARGUMENT && code !== status.FAILED_PRECONDITION)
      throw new OperatorError(
        `no dhcp service answers at ${address}: ${details ?? (error as Error).message}`,
        'Start it, or name where it is: --address HOST:PORT (dhcp.api.listen).',
      )
    console.error(details)
    return 1
  } finally {
    client.close()
  }
}
