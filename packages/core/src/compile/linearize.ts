import { vjp } from '../autodiff/grad.js'
import type { Args, Tree } from '../spec/tree.js'
import { tensorLeaves, withTensors } from '../tree/tree.js'
import { graphBuilder } from './build.js'
import type { Node, Primitive } from './graph.js'
import { sizeOf, type DType } from '../spec/values.js'
import { freeing, graphOf, nodeOfResult, traceInto, type Program } from './trace.js'
import { hostTensor } from '../tree/host.js'

/** A derivative in two programs: what can be computed before the cotangent is known, and the rest. */
export interface LinearProgram<P extends Tree, R extends Tree> {
  readonly forward: Program<{ readonly value: R; readonly kept: Tree }>
  /** Its inputs are the tensors of `kept`, then those of the cotangent. */
  readonly backward: Program<P>
}

/**
 * Traces a function with its reverse derivative and splits the program in two. `forward` computes the result and keeps
 * the values that `backward` needs. `backward` recomputes values that are cheap.
 */
export function traceLinear<P extends Tree, A extends readonly Args[], R extends Tree>(
  fn: (params: P, ...rest: A) => R,
  args: readonly [P, ...A],
): LinearProgram<P, R> {
  return freeing(() => {
    const builder = graphBuilder()
    const cotangents: Node[] = []
    const { inputs, result } = traceInto(
      builder,
      (params: P, ...rest: A) => {
        const { value, pull } = vjp((p: P) => fn(p, ...rest), params)
        const first = tensorLeaves(args).length
        const cotangent = tensorLeaves(value).map((leaf, i) => {
          const node = builder.node('input', [], { index: first + i }, leaf.shape, leaf.dtype as DType)
          cotangents.push(node)
          return hostTensor({ node }, node.shape, node.dtype)
        })
        return { value, gradient: pull(withTensors(value, cotangent)) }
      },
      [...args],
    )
    const values = tensorLeaves(result.value).map((leaf) => nodeOfResult(builder, leaf))
    const gradients = tensorLeaves(result.gradient).map((leaf) => nodeOfResult(builder, leaf))
    const { kept, outputs, keptInputs, cotangentInputs } = split(gradients, cotangents)
    return {
      forward: {
        graph: graphOf(inputs, [...values, ...kept]),
        result: (tensors) => ({
          value: withTensors(result.value, tensors.slice(0, values.length)),
          kept: tensors.slice(values.length),
        }),
      },
      backward: {
        graph: graphOf([...keptInputs, ...cotangentInputs], outputs),
        result: (tensors) => withTensors(result.gradient, tensors),
      },
    }
  })
}

/** Operations that read no memory. */
const free = new Set<Primitive>(['fill', 'constant', 'broadcastTo', 'reshape', 'transpose'])

/** Operations that take one pass over their operands. */
const cheap = new Set<Primitive>([
  ...(['neg', 'exp', 'log', 'sqrt', 'reciprocal', 'abs', 'sign', 'floor', 'sigmoid', 'tanh', 'relu', 'step'] as const),
  ...(['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'greater', 'equal', 'select', 'cast'] as const),
  'avgPool',
  'avgPoolInput',
])

/** A convolution with at most this many products per value is as fast as a pass: one on images with few channels. */
const fewProducts = 64

const isCheap = ({ op, inputs }: Node): boolean =>
  cheap.has(op) || (op === 'conv2d' && sizeOf(inputs[1]!.shape.slice(0, 3)) <= fewProducts)

/** Values that take more passes than this to recompute are kept. */
const longestChain = 10

/**
 * Which nodes that the backward program reads are kept. The others are recomputed from these, which is faster than copying
 * them from one program to the other. Latest first: a node is recomputed if a few passes compute it from inputs, from kept
 * nodes, or from values that are together at most half its size.
 */
function keptOf(read: ReadonlySet<Node>): ReadonlySet<Node> {
  const kept = new Set(read)
  for (const node of [...read].sort((a, b) => b.id - a.id)) {
    if (node.op === 'input') continue
    const size = sizeOf(node.shape)
    const further = new Set<Node>()
    let [passes, room] = [longestChain, size / 2]
    const reachable = (from: Node): boolean => {
      if (from !== node && (kept.has(from) || further.has(from))) return true
      if (free.has(from.op)) return from.inputs.every(reachable)
      if (isCheap(from) && (2 * sizeOf(from.shape) < size || --passes >= 0)) return from.inputs.every(reachable)
      if (from.op !== 'input' && (room -= sizeOf(from.shape)) < 0) return false
      further.add(from)
      return true
    }
    if (!reachable(node)) continue
    kept.delete(node)
    for (const one of further) kept.add(one)
  }
  return kept
}

/** Copies the nodes of the gradients into a separate graph. Its inputs are the values that do not depend on the cotangent. */
function split(gradients: readonly Node[], cotangents: readonly Node[]) {
  const reached = new Map<Node, boolean>(cotangents.map((node) => [node, true]))
  const late = (node: Node): boolean => {
    const cached = reached.get(node)
    if (cached !== undefined) return cached
    const answer = node.inputs.some(late)
    reached.set(node, answer)
    return answer
  }
  const nodes = graphOf([], gradients).nodes
  const read = new Set(nodes.flatMap((node) => (late(node) ? node.inputs.filter((operand) => !late(operand)) : [])))
  for (const node of gradients) if (!late(node)) read.add(node)
  const keeping = keptOf(read)

  const builder = graphBuilder()
  const copies = new Map<Node, Node>()
  const kept: Node[] = []
  const keptInputs: Node[] = []
  const place = (node: Node, index: number) => builder.node('input', [], { index }, node.shape, node.dtype)
  // The indices only make inputs distinct; the lists below give the order.
  cotangents.forEach((node, i) => copies.set(node, place(node, -1 - i)))
  const copy = (node: Node): Node => {
    const cached = copies.get(node)
    if (cached) return cached
    if (keeping.has(node)) {
      keptInputs.push(place(node, kept.length))
      kept.push(node)
      copies.set(node, keptInputs.at(-1)!)
    } else copies.set(node, builder.node(node.op, node.inputs.map(copy), node.attributes, node.shape, node.dtype))
    return copies.get(node)!
  }
  const outputs = gradients.map(copy)
  const used = new Set(graphOf([], outputs).nodes)
  const live = kept.map((_, i) => used.has(keptInputs[i]!))
  return {
    outputs,
    kept: kept.filter((_, i) => live[i]),
    keptInputs: keptInputs.filter((_, i) => live[i]),
    cotangentInputs: cotangents.map((node) => copies.get(node)!),
  }
}
