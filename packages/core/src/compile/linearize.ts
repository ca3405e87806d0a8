import type { Tensor } from '@tensorflow/tfjs-core'
import { vjp } from '../autodiff/grad.js'
import type { Args, Tree } from '../spec/tree.js'
import { tensorLeaves, withTensors } from '../tree/tree.js'
import { graphBuilder } from './build.js'
import type { DType, Node } from './graph.js'
import { freeing, graphOf, nodeOfResult, traceInto, type Program } from './trace.js'
import { hostTensor } from '../tree/host.js'

/** A derivative split at what can be computed before the cotangent is known. */
export interface LinearProgram<P extends Tree, R extends Tree> {
  readonly forward: Program<{ readonly value: R; readonly kept: Tree }>
  /** Inputs: the tensors of `kept`, then those of the cotangent. */
  readonly backward: Program<P>
}

/**
 * Traces a function with its reverse derivative and splits the program in two: `forward` computes the value and keeps
 * the values that `backward` will need. What is cheap to make again from something kept is made again.
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
      (params: P & Args, ...rest: readonly Args[]) => {
        const { value, pull } = vjp((p: P) => fn(p, ...(rest as unknown as A)), params)
        const first = tensorLeaves(args).length
        const cotangent = tensorLeaves(value).map((leaf, i) => {
          const node = builder.node('input', [], { index: first + i }, leaf.shape, leaf.dtype as DType)
          cotangents.push(node)
          return hostTensor({ node }, node.shape, node.dtype) as Tensor
        })
        return { value, gradient: pull(withTensors(value, cotangent)) }
      },
      args as unknown as [P & Args, ...Args[]],
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

// Small or as quick to make as to load: these are made again from their operands in the backward program.
const cheap = new Set<Node['op']>(['fill', 'constant', 'broadcastTo', 'reshape', 'transpose', 'step', 'cast', 'neg'])

/** Copies the gradients' nodes into a graph of their own whose inputs are what the cotangent does not reach. */
function split(gradients: readonly Node[], cotangents: readonly Node[]) {
  const reached = new Map<Node, boolean>(cotangents.map((node) => [node, true]))
  const late = (node: Node): boolean => {
    const known = reached.get(node)
    if (known !== undefined) return known
    const answer = node.inputs.some(late)
    reached.set(node, answer)
    return answer
  }
  for (const node of graphOf([], gradients).nodes) late(node)

  const builder = graphBuilder()
  const copies = new Map<Node, Node>()
  const kept: Node[] = []
  const keptInputs: Node[] = []
  const place = (node: Node, index: number) => builder.node('input', [], { index }, node.shape, node.dtype)
  // Indices only keep inputs apart; their order is the order of the lists below.
  cotangents.forEach((node, i) => copies.set(node, place(node, -1 - i)))
  for (const node of graphOf([], gradients).nodes) {
    if (copies.has(node)) continue
    if (!late(node) && !cheap.has(node.op)) continue
    for (const operand of node.inputs) {
      if (copies.has(operand)) continue
      copies.set(operand, place(operand, kept.length))
      keptInputs.push(copies.get(operand)!)
      kept.push(operand)
    }
    copies.set(
      node,
      builder.node(
        node.op,
        node.inputs.map((n) => copies.get(n)!),
        node.attributes as never,
        node.shape,
        node.dtype,
      ),
    )
  }
  const outputs = gradients.map((node) => {
    if (!copies.has(node)) {
      copies.set(node, place(node, kept.length))
      keptInputs.push(copies.get(node)!)
      kept.push(node)
    }
    return copies.get(node)!
  })
  const used = new Set(graphOf([], outputs).nodes)
  const live = kept.map((_, i) => used.has(keptInputs[i]!))
  return {
    outputs,
    kept: kept.filter((_, i) => live[i]),
    keptInputs: keptInputs.filter((_, i) => live[i]),
    cotangentInputs: cotangents.map((node) => copies.get(node)!),
  }
}
