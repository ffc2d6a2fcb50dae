import { hardware } from '@reboots/api'
import { connect, OperatorError } from '@reboots/runtime'

const WITHIN_MS = 10_000

/** Every machine that the hardware service at `address` knows now. OperatorError when it cannot be asked. */
export async function listMachines(address: string): Promise<readonly hardware.Machine[]> {
  const client = connect(hardware.HardwareServiceClient, address)
  const machines: hardware.Machine[] = []
  try {
    const deadline = Date.now() + WITHIN_MS
    for await (const { machine } of client.listMachines(
      {},
      { deadline },
    ) as AsyncIterable<hardware.ListMachinesResponse>) {
      if (machine !== undefined) machines.push(machine)
    }
    return machines
  } catch (error) {
    throw new OperatorError(
      `the hardware service at ${address} cannot be asked for its machines: ${(error as Error).message}`,
      'Start it, set control.hardware, or leave the machines out.',
    )
  } finally {
    client.close()
  }
}
