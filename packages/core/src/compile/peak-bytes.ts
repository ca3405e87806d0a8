import type { Graph, Node, Primitive } from './graph.js'
import { sizeOf } from '../spec/values.js'

/** Operations that allocate no memory. */
const views = new Set<Primitive>(['reshape', 'transpose', 'broadcastTo', 'fill'])

/** The bytes of a float32 or int32 array. */
export const bytesOf = (shape: readonly number[]): number => 4 * sizeOf(shape)

/**
 * The peak memory of a program's arrays, in bytes, if its operations run in order and each array is freed after its last
 * reader; inputs and outputs stay. This is an estimate: an engine may fuse operations, or keep freed memory.
 */
export function peakBytes({ inputs, nodes, outputs }: Graph): number {
  const arrays = new Map<Node, Node | undefined>()
  const arrayOf = (node: Node): Node | undefined => {
    if (!arrays.has(node)) arrays.set(node, views.has(node.op) ? node.inputs[0] && arrayOf(node.inputs[0]) : node)
    return arrays.get(node)
  }
  const last = new Map<Node, number>()
  nodes.forEach((node, i) => {
    for (const operand of [node, ...node.inputs]) {
      const array = arrayOf(operand)
      if (array) last.set(array, i)
    }
  })
  for (const node of [...inputs, ...outputs]) {
    const array = arrayOf(node)
    if (array) last.set(array, Infinity)
  }
  const freed = new Map<number, number>()
  for (const [node, at] of last) freed.set(at, (freed.get(at) ?? 0) + bytesOf(node.shape))

  let now = inputs.reduce((total, { shape }) => total + bytesOf(shape), 0)
  let most = now
  nodes.forEach((node, i) => {
    if (arrayOf(node) === node && node.op !== 'input') now += bytesOf(node.shape)
    most = Math.max(most, now)
    now -= freed.get(i) ?? 0
  })
  return most
}
