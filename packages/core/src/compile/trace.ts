import { engine, type Tensor } from '@tensorflow/tfjs-core'
import { watchingPlainOps } from '../autodiff/plain-ops.js'
import { HabaError } from '../errors.js'
import type { Args, Tree } from '../spec/tree.js'
import { hostTensor, hostValue } from '../tree/host.js'
import { tensorLeaves, withTensors } from '../tree/tree.js'
import { graphBuilder, type GraphBuilder } from './build.js'
import type { Graph, Node, Primitive, PrimitiveAttributes } from './graph.js'
import type { DType, Values } from '../spec/values.js'

/** The interface between ops and the tracer. */
interface Trace {
  record(op: Primitive, inputs: readonly Tensor[], attributes: object, shape: readonly number[], dtype: DType): Tensor
  alias(x: Tensor): Tensor
}

let active: Trace | undefined

export const activeTrace = (): Trace | undefined => active

/** A traced function: its graph, and a function that assembles the result from the graph's outputs. */
export interface Program<R> {
  /** `graph.inputs[i]` belongs to `tensorLeaves(args)[i]`. */
  readonly graph: Graph
  /** Assembles the result from computed outputs, in the order of `graph.outputs`. */
  result(outputs: readonly Tensor[]): R
}

const wrap = (node: Node): Tensor => hostTensor({ node }, node.shape, node.dtype)

/** Runs `fn` on a builder, with symbols in place of the tensors of `args`, and returns the nodes of the result. */
export function traceInto<A extends readonly Args[], R>(
  builder: GraphBuilder,
  fn: (...args: A) => R,
  args: A,
): { readonly inputs: readonly Node[]; readonly result: R } {
  if (active)
    throw new HabaError(
      'compile',
      'one trace at a time',
      'a compiled function inside another',
      'Call the uncompiled function inside.',
    )
  const nodeOf = (x: Tensor): Node => {
    const value = hostValue(x)
    if (value && 'node' in value) return value.node
    // A concrete tensor that a closure captured becomes a constant of the program.
    return builder.node('constant', [], { values: x.dataSync() as Values }, x.shape, x.dtype as DType)
  }
  const inputs = tensorLeaves(args).map((leaf, index) =>
    builder.node('input', [], { index }, leaf.shape, leaf.dtype as DType),
  )
  active = {
    record: (op, operands, attributes, shape, dtype) =>
      wrap(builder.node(op, operands.map(nodeOf), attributes as PrimitiveAttributes[typeof op], shape, dtype)),
    alias: (x) => wrap(nodeOf(x)),
  }
  try {
    return { inputs, result: watchingPlainOps(() => fn(...withTensors(args, inputs.map(wrap)))) }
  } finally {
    active = undefined
  }
}

/** Runs `fn` and frees every tensor it makes: the symbols of a trace, of which only the nodes are needed. */
export function freeing<R>(fn: () => R): R {
  engine().startScope()
  try {
    return fn()
  } finally {
    engine().endScope()
  }
}

/** The node of a traced or captured tensor that a function returned. */
export function nodeOfResult(builder: GraphBuilder, x: Tensor): Node {
  const value = hostValue(x)
  if (value && 'node' in value) return value.node
  return builder.node('constant', [], { values: x.dataSync() as Values }, x.shape, x.dtype as DType)
}

/**
 * Runs `fn` once on symbols and returns the simplified program.
 *
 * @param args only the shapes and dtypes of tensor leaves are used; all other leaves are static
 */
export function trace<A extends readonly Args[], R extends Tree>(fn: (...args: A) => R, args: A): Program<R> {
  return freeing(() => {
    const builder = graphBuilder()
    const { inputs, result } = traceInto(builder, fn, args)
    const outputs = tensorLeaves(result).map((leaf) => nodeOfResult(builder, leaf))
    return { graph: graphOf(inputs, outputs), result: (values) => withTensors(result, values) }
  })
}

/** The graph of the live nodes, in topological order, inputs first. */
export function graphOf(inputs: readonly Node[], outputs: readonly Node[]): Graph {
  const live = new Set<Node>()
  const pending = [...outputs]
  while (pending.length > 0) {
    const node = pending.pop()!
    if (live.has(node)) continue
    live.add(node)
    pending.push(...node.inputs)
  }
  // Operands are created before the nodes that read them, so the order of ids is topological.
  return { inputs, outputs, nodes: [...live].sort((a, b) => a.id - b.id) }
}
