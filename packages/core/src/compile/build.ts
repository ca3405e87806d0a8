import { exactJson } from '../exact-json.js'
import { nodeOf, type Node, type Primitive, type PrimitiveAttributes } from './graph.js'
import { sizeOf, type DType } from '../spec/values.js'

export interface GraphBuilder {
  /** The node of an operation, simplified: an equal or simpler node if one exists. */
  node<P extends Primitive>(
    op: P,
    inputs: readonly Node[],
    attributes: PrimitiveAttributes[P],
    shape: readonly number[],
    dtype: DType,
  ): Node
}

const same = (a: readonly number[], b: readonly number[]) => a.length === b.length && a.every((v, i) => v === b[i])
/** The value of a `fill` node; undefined for other nodes. */
const filled = (node: Node | undefined): number | undefined => (node?.op === 'fill' ? node.attributes.value : undefined)
const isFill = (node: Node | undefined, value?: number): boolean =>
  node?.op === 'fill' && (value === undefined || node.attributes.value === value)
/** Whether both are filled with the same number; 0 and -0 differ. */
const sameFill = (a: Node | undefined, b: Node | undefined): boolean => isFill(b) && Object.is(filled(a), filled(b))

const folded: { readonly [P in Primitive]?: (...values: number[]) => number } = {
  neg: (x) => -x,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  reciprocal: (x) => 1 / x,
  abs: Math.abs,
  sign: Math.sign,
  floor: Math.floor,
  relu: (x) => Math.max(x, 0),
  step: (x) => (x > 0 ? 1 : 0),
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  maximum: Math.max,
  minimum: Math.min,
  greater: (a, b) => (a > b ? 1 : 0),
  equal: (a, b) => (a === b ? 1 : 0),
}

/**
 * Builds nodes and simplifies them at once: equal operations share one node, constants are folded, identities are removed.
 * A second derivative is full of products with one and sums with zero; they disappear before anything is compiled.
 */
export function graphBuilder(): GraphBuilder {
  let nextId = 0
  const interned = new Map<string, Node>()

  const make: GraphBuilder['node'] = (op, inputs, attributes, shape, dtype) => {
    // Constants are never shared: their values would be too large a key.
    const key =
      op === 'constant'
        ? `constant#${nextId}`
        : `${op}(${inputs.map((n) => n.id)})${exactJson(attributes)}[${shape}]${dtype}`
    const found = interned.get(key)
    if (found) return found
    const node = nodeOf(op, nextId++, inputs, attributes, shape, dtype)
    interned.set(key, node)
    return node
  }
  const fill = (value: number, shape: readonly number[]) => make('fill', [], { value }, shape, 'float32')
  const broadcast = (x: Node, shape: readonly number[]) => node('broadcastTo', [x], {}, shape, x.dtype)

  const node: GraphBuilder['node'] = (op, inputs, attributes, shape, dtype) => {
    const [a, b] = inputs
    const fold = folded[op]
    if (fold && inputs.every((n) => isFill(n))) return fill(fold(...inputs.map((n) => filled(n)!)), shape)
    switch (op) {
      case 'add':
        if (isFill(a, 0)) return broadcast(b!, shape)
        if (isFill(b, 0)) return broadcast(a!, shape)
        break
      case 'sub':
        if (isFill(b, 0)) return broadcast(a!, shape)
        if (isFill(a, 0)) return node('neg', [broadcast(b!, shape)], {}, shape, dtype)
        break
      case 'mul':
        if (isFill(a, 0) || isFill(b, 0)) return fill(0, shape)
        if (isFill(a, 1)) return broadcast(b!, shape)
        if (isFill(b, 1)) return broadcast(a!, shape)
        // (x · c) · d = x · (c · d)
        if (isFill(b) && a!.op === 'mul' && isFill(a.inputs[1]))
          return node('mul', [a.inputs[0]!, node('mul', [a.inputs[1]!, b!], {}, [], dtype)], {}, shape, dtype)
        if (isFill(a)) return node('mul', [b!, fill(filled(a)!, [])], {}, shape, dtype)
        if (isFill(b) && b!.shape.length > 0) return node('mul', [a!, fill(filled(b)!, [])], {}, shape, dtype)
        break
      case 'div':
        if (isFill(a, 0)) return fill(0, shape)
        if (isFill(b)) return node('mul', [a!, fill(1 / filled(b)!, [])], {}, shape, dtype)
        break
      case 'neg':
        if (a!.op === 'neg') return a.inputs[0]!
        break
      case 'select':
        if (isFill(b) && sameFill(b, inputs[2])) return b!
        break
      case 'broadcastTo':
        if (same(a!.shape, shape)) return a!
        if (isFill(a)) return fill(filled(a)!, shape)
        if (a!.op === 'broadcastTo') return node('broadcastTo', [a.inputs[0]!], {}, shape, dtype)
        break
      case 'reshape':
        if (same(a!.shape, shape)) return a!
        if (isFill(a)) return fill(filled(a)!, shape)
        if (a!.op === 'reshape') return node('reshape', [a.inputs[0]!], {}, shape, dtype)
        break
      case 'transpose': {
        const { permutation } = attributes as PrimitiveAttributes['transpose']
        if (permutation.every((axis, i) => axis === i)) return a!
        if (isFill(a)) return fill(filled(a)!, shape)
        if (a!.op === 'transpose') {
          const inner = a.attributes.permutation
          return node(
            'transpose',
            [a.inputs[0]!],
            { permutation: permutation.map((axis) => inner[axis]!) },
            shape,
            dtype,
          )
        }
        break
      }
      case 'slice':
        if (same(a!.shape, shape)) return a!
        if (isFill(a)) return fill(filled(a)!, shape)
        break
      case 'pad':
        if (same(a!.shape, shape)) return a!
        if (isFill(a, 0)) return fill(0, shape)
        break
      case 'concat':
        if (inputs.length === 1) return a!
        if (isFill(a) && inputs.every((n) => sameFill(a, n))) return fill(filled(a)!, shape)
        break
      case 'sum': {
        const { axes } = attributes as PrimitiveAttributes['sum']
        if (axes.length === 0) return a!
        if (isFill(a)) return fill((filled(a)! * sizeOf(a!.shape)) / sizeOf(shape), shape)
        break
      }
      case 'cast':
        if (a!.dtype === dtype) return a!
        break
      case 'gather':
      case 'scatterAdd':
      case 'matMul':
      case 'conv2d':
      case 'conv2dInput':
      case 'conv2dFilter':
      case 'avgPool':
      case 'avgPoolInput':
        // Linear operations map zeros to zeros.
        if (isFill(a, 0) || (op !== 'gather' && op !== 'scatterAdd' && isFill(b, 0))) return fill(0, shape)
        break
      default:
    }
    return make(op, inputs, attributes, shape, dtype)
  }
  return { node }
}
