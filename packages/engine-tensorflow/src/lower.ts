import type { Graph, Node, Primitive } from '@haba/core'
import { emitter } from './emitter.js'
import { lowerings, type Lowering } from './lowerings.js'
import { savedModel, type Operator } from './saved-model.js'

/** A program as TensorFlow runs it. */
export interface LoweredGraph {
  readonly operators: readonly Operator[]
  /** Contents of a file `saved_model.pb`. */
  readonly model: Uint8Array
  /** Which of the program's inputs are used, in the order in which they are fed. */
  readonly inputs: readonly number[]
}

/** The name of the placeholder of an input. */
export const inputName = (index: number): string => `in${index}`
/** The name of an output. */
export const outputName = (index: number): string => `out${index}`

/** Writes a traced program as a graph of TensorFlow's operators. What nothing needs is left to TensorFlow to prune. */
export function lowerGraph({ inputs, nodes, outputs }: Graph): LoweredGraph {
  const target = emitter()
  const names = new Map<Node, string>()
  const places = new Map(inputs.map((node, index) => [node, index]))
  const used: number[] = []
  const name = (node: Node): string => names.get(node)!

  for (const node of nodes) {
    const index = places.get(node)
    if (index === undefined) {
      // Which lowering it is follows from the node, as TypeScript does not see.
      const lower = lowerings[node.op] as Lowering<Primitive>
      names.set(node, lower({ target, node, name }))
      continue
    }
    used.push(index)
    const attributes = { dtype: { type: node.dtype } }
    names.set(node, target.emit('Placeholder', [], attributes, inputName(index)))
  }
  // What is fed cannot be fetched, and a value may be asked for twice: every output is an operator of its own.
  outputs.forEach((node, i) => target.emit('Identity', [name(node)], { T: { type: node.dtype } }, outputName(i)))
  return { operators: target.operators, model: savedModel(target.operators), inputs: used }
}
