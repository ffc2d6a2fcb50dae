import type { ASTNode } from '@marcbachmann/cel-js'

/** The nodes directly below one: operands, receiver and arguments, elements, keys and values. */
export function operandsOf(node: ASTNode): ASTNode[] {
  const operands: ASTNode[] = []
  collect(node.args, operands)
  return operands
}

function collect(value: unknown, into: ASTNode[]): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) for (const each of value) collect(each, into)
  else if ('op' in value) into.push(value as ASTNode)
}
