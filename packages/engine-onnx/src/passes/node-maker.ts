import { exactJson, nodeOf, type Graph, type Node, type Primitive, type PrimitiveAttributes } from '@haba/core'

/** Makes nodes beside those of a graph, float32 by default; what was made before is not made again. */
export interface NodeMaker {
  make<P extends Primitive>(
    op: P,
    inputs: readonly Node[],
    attributes: PrimitiveAttributes[P],
    shape: readonly number[],
    dtype?: Node['dtype'],
  ): Node
}

export function nodeMaker({ nodes, inputs }: Graph): NodeMaker {
  const known = new Map<string, Node>()
  let id = 1 + Math.max(-1, ...nodes.map((node) => node.id), ...inputs.map((node) => node.id))
  return {
    make(op, inputs, attributes, shape, dtype = 'float32') {
      const key = `${op}(${inputs.map((input) => input.id)})${exactJson(attributes)}[${shape}]${dtype}`
      const found = known.get(key)
      if (found) return found
      const node = nodeOf(op, id++, inputs, attributes, shape, dtype)
      known.set(key, node)
      return node
    },
  }
}
