/** What is wrong with an expression, and where in its text. */
export class ExpressionError extends Error {
  /** UTF-16 units from the start of the expression. */
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.name = 'ExpressionError'
    this.offset = offset
  }
}
