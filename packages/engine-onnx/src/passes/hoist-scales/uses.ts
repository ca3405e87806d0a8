import type { Graph, Node } from '@haba/core'
import { isSmallBeside } from './scales.js'

/** What is known about each node before anything is rewritten. */
export interface Uses {
  /** The node is the broadcast of something small, or computed from such alone. */
  isSmall(node: Node): boolean
  /** A sum of scaled arrays is better written out here: something reads the array itself, or two things would. */
  isWanted(node: Node): boolean
  /** How many nodes read it; an output is read from outside, too. */
  readers(node: Node): number
}

const elementwise = new Set<Node['op']>(['neg', 'add', 'sub', 'mul', 'div'])

export function usesOf({ nodes, outputs }: Graph): Uses {
  const small = new Set<Node>()
  for (const node of nodes) {
    const fromSmall =
      node.op === 'fill' ||
      (node.op === 'broadcastTo' && isSmallBeside(node.shape, node.inputs[0]!)) ||
      (elementwise.has(node.op) && node.inputs.every((input) => small.has(input) || isSmallBeside(node.shape, input)))
    if (fromSmall) small.add(node)
  }
  const isSmallIn = (reader: Node, operand: Node) => small.has(operand) || isSmallBeside(reader.shape, operand)

  /** How many readers want the array, and whether one cannot do with scaled parts of it. */
  const wanted = new Map<Node, number>()
  const want = (node: Node, count: number) => wanted.set(node, (wanted.get(node) ?? 0) + count)
  for (const output of outputs) want(output, 2)
  for (const node of nodes.toReversed()) {
    const here = Math.min(1, wanted.get(node) ?? 0)
    for (const input of node.inputs) {
      if (node.op === 'sum') continue
      if (node.op === 'neg' || node.op === 'add' || node.op === 'sub') want(input, here)
      else if (node.op === 'mul' && node.inputs.some((other) => other !== input && isSmallIn(node, other)))
        want(input, here)
      else if (node.op === 'div' && input === node.inputs[0] && isSmallIn(node, node.inputs[1]!)) want(input, here)
      else want(input, 2)
    }
  }
  const reading = new Map<Node, number>()
  for (const node of [...nodes.flatMap(({ inputs }) => inputs), ...outputs])
    reading.set(node, (reading.get(node) ?? 0) + 1)
  return {
    readers: (node) => reading.get(node) ?? 0,
    isSmall: (node) => small.has(node),
    isWanted: (node) => (wanted.get(node) ?? 0) >= 2,
  }
}
