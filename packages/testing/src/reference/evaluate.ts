import { tensorLeaves, trace, type Args, type Graph, type Node, type Tree } from '@haba/core'
import type { Kernel } from './kernel.js'
import { kernels } from './kernels.js'

/** Runs a traced program in double precision. */
export function evaluate({ inputs, nodes, outputs }: Graph, values: readonly Float64Array[]): readonly Float64Array[] {
  const known = new Map<Node, Float64Array>(inputs.map((node, i) => [node, values[i]!]))
  for (const node of nodes)
    if (!known.has(node))
      known.set(node, (kernels[node.op] as Kernel)(node, ...node.inputs.map((operand) => known.get(operand)!)))
  return outputs.map((node) => known.get(node)!)
}

/** The values of a tree's tensors in double precision, in the order of `tensorLeaves`. */
export const doublesOf = (tree: Args | Tree): readonly Float64Array[] =>
  tensorLeaves(tree).map((leaf) => Float64Array.from(leaf.dataSync()))

/** A function as a map between double-precision arrays; its arguments lend shapes and static leaves. */
export function inDoubles<A extends readonly Args[], R extends Tree>(
  fn: (...args: A) => R,
  args: A,
): (values: readonly Float64Array[]) => readonly Float64Array[] {
  const { graph } = trace(fn, args)
  return (values) => evaluate(graph, values)
}
