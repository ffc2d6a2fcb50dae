import type { ASTNode } from '@marcbachmann/cel-js'

/** The nodes directly below one: operands, receiver and arguments, elements, keys and values. */
export function operandsOf(node: ASTNode): ASTNode[] {
  const args = Array.isArray(node.args) ? (node.args as readonly unknown[]).flat(2) : [node.args]
  return args.filter((value): value is ASTNode => typeof value === 'object' && value !== null && 'op' in value)
}
