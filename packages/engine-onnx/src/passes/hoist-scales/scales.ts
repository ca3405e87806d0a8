import { sizeOf, type Node } from '@haba/core'
import type { NodeMaker } from '../node-maker.js'

/** A number times a node that is small beside what it scales; without a node, the number. */
export interface Scale {
  readonly factor: number
  readonly node?: Node
}

export const unit: Scale = { factor: 1 }

function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, i) => Math.max(a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1))
}

/** Arithmetic of scales. */
export function scaleArithmetic({ make }: NodeMaker) {
  const join = (op: 'add' | 'mul', a: Node, b: Node): Node => make(op, [a, b], {}, broadcastShape(a.shape, b.shape))
  const times = (a: Scale, b: Scale): Scale => ({
    factor: a.factor * b.factor,
    node: a.node && b.node ? join('mul', a.node, b.node) : (a.node ?? b.node),
  })
  const inverse = ({ factor, node }: Scale): Scale => ({
    factor: 1 / factor,
    node: node && make('reciprocal', [node], {}, node.shape),
  })
  /** As one node; a number alone becomes a scalar. */
  const written = ({ factor, node }: Scale): Node => {
    const number = () => make('fill', [], { value: factor }, [])
    if (!node) return number()
    if (factor === 1) return node
    return factor === -1 ? make('neg', [node], {}, node.shape) : join('mul', node, number())
  }
  const plus = (a: Scale, b: Scale): Scale => {
    if (a.node === b.node) return { factor: a.factor + b.factor, node: a.node }
    if (!a.node && a.factor === 0) return b
    if (!b.node && b.factor === 0) return a
    return { factor: 1, node: join('add', written(a), written(b)) }
  }
  return { times, inverse, plus, written }
}

/** Lengths of a node's axes beside a shape of higher rank. */
export const lengthsIn = (node: Node | undefined, shape: readonly number[]): number[] =>
  shape.map((_, axis) => node?.shape[axis - (shape.length - node.shape.length)] ?? 1)

/** Few enough values beside `shape` that computing with them costs nothing. */
export const isSmallBeside = (shape: readonly number[], node: Node): boolean => sizeOf(node.shape) * 4 <= sizeOf(shape)
