import { sizeOf, type Graph, type Node } from '@haba/core'

/** What one core does in a millisecond, roughly: multiplications and additions of convolutions and matrix products. */
const operationsAMillisecond = 1.5e8

/** What one core writes in a millisecond, roughly: numbers of anything else. */
const numbersAMillisecond = 2e6

/** Names for numbers that are there already. */
const views = new Set<Node['op']>(['input', 'constant', 'fill', 'reshape', 'transpose', 'broadcastTo'])

/** Roughly the milliseconds that a program takes on one thread. */
export const oneThreadTime = ({ nodes }: Graph): number => nodes.reduce((total, node) => total + timeOf(node), 0)

function timeOf(node: Node): number {
  const size = sizeOf(node.shape)
  const [first, second] = node.inputs
  switch (node.op) {
    case 'conv2d':
      return (2 * size * sizeOf(second!.shape.slice(0, 3))) / operationsAMillisecond
    case 'conv2dInput':
      return (2 * sizeOf(first!.shape) * sizeOf(second!.shape.slice(0, 3))) / operationsAMillisecond
    case 'conv2dFilter':
      return (2 * sizeOf(second!.shape) * sizeOf(node.shape.slice(0, 3))) / operationsAMillisecond
    case 'matMul':
      return (2 * size * first!.shape.at(node.attributes.transposeA ? -2 : -1)!) / operationsAMillisecond
    default:
      return views.has(node.op) ? 0 : size / numbersAMillisecond
  }
}
