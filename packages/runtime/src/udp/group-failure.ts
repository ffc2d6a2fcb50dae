import { OperatorError } from '../operator-error.ts'

/** Why a multicast group cannot be heard on an interface, as something an operator can act on. */
export function groupFailure(error: unknown, link: string): OperatorError {
  const why = error instanceof Error ? error.message : String(error)
  return new OperatorError(
    `network interface ${link} cannot listen to a multicast group (${why})`,
    `Let it: ip link set ${link} multicast on. Or configure no group.`,
  )
}
