import { readFile } from 'node:fs/promises'
import { OperatorError } from '@reboots/runtime'

/** The text of a policy file. OperatorError if it cannot be read. */
export async function readDocument(file: string): Promise<string> {
  return (await readBytes(file, 'Name the file of a policy.')).toString('utf8')
}

/** The octets of a file. OperatorError if it cannot be read. */
export async function readBytes(file: string, remedy: string): Promise<Buffer> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new OperatorError(`${file} cannot be read: ${error.code ?? error.message}`, remedy)
  })
}
