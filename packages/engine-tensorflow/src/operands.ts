import type { Node } from '@haba/core'
import type { Emitter } from './emitter.js'

/** What most lowerings need to know. */
export interface AnyTask {
  readonly target: Emitter
  readonly node: Pick<Node, 'inputs' | 'shape' | 'dtype'>
  name(node: Node): string
}

interface Operand {
  readonly name: string
  readonly shape: readonly number[]
}

/**
 * The two operands of an element-wise operation. TensorFlow repeats the smaller one by itself, so what was only
 * repeated or filled to fit is handed over small, as long as the other operand still has the shape of the result.
 */
export function operandsOf({ target, node, name }: AnyTask): readonly string[] {
  const whole = (x: Node): Operand => ({ name: name(x), shape: x.shape })
  const small = (x: Node): Operand =>
    x.op === 'fill'
      ? { name: target.number(x.attributes.value), shape: [] }
      : whole(x.op === 'broadcastTo' ? x.inputs[0]! : x)
  const [a, b] = node.inputs as readonly [Node, Node]
  const choices = [
    [small(a), small(b)],
    [small(a), whole(b)],
    [whole(a), small(b)],
    [whole(a), whole(b)],
  ] as const
  const [left, right] = choices.find(([l, r]) => spans(l.shape, r.shape, node.shape))!
  return [left.name, right.name]
}

/** Whether two shapes together broadcast to this one. */
function spans(a: readonly number[], b: readonly number[], shape: readonly number[]): boolean {
  if (Math.max(a.length, b.length) !== shape.length) return false
  return shape.every((length, i) => {
    const from = (x: readonly number[]) => x[x.length - shape.length + i] ?? 1
    return from(a) === length || from(b) === length
  })
}
