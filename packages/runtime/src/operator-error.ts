/** Something the operator has to put right before the service can work: a taken port, a missing privilege, a missing interface. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError'
  /** What to do about it, as whole sentences; may have several lines. */
  readonly remedy: string

  constructor(message: string, remedy: string) {
    super(message)
    this.remedy = remedy
  }
}
