import { sizeOf, type Node, type Primitive } from '@haba/core'
import type { NodeOf } from '../../lower/lowering.js'

/** How a node is computed for some rows of a batch at a time. */
export interface Cut {
  /** The axis along which each operand is read in parts; undefined where every part reads all of it. */
  readonly operands: readonly (number | undefined)[]
  /** The axis along which the parts of the result lie, or what makes one result of those of all parts. */
  readonly result: number | 'add' | 'maximum'
}

/** The axis along which each operand comes in parts; undefined where it is whole. One at least comes in parts. */
type Axes = readonly (number | undefined)[]

/** Operands are aligned at their last axes; one that does not change along the batch is read whole. */
const elementwise = ({ shape, inputs }: Node, axes: Axes): Cut => {
  const first = axes.findIndex((axis) => axis !== undefined)
  const fromEnd = inputs[first]!.shape.length - axes[first]!
  const result = shape.length - fromEnd
  const operands = inputs.map((input) => {
    const axis = input.shape.length - fromEnd
    return input.shape[axis] === shape[result] ? axis : undefined
  })
  return { operands, result }
}

const reduction =
  (result: 'add' | 'maximum') =>
  ({ attributes: { axes, keepDims } }: NodeOf<'sum' | 'reduceMax'>, [axis]: Axes): Cut => {
    if (axes.includes(axis!)) return { operands: [axis], result }
    return { operands: [axis], result: keepDims ? axis! : axis! - axes.filter((other) => other < axis!).length }
  }

/** The batch stays an axis where as much lies before it as did. */
const reshape = ({ shape, inputs: [x] }: Node, [axis]: Axes): Cut | undefined => {
  const [before, length] = [sizeOf(x!.shape.slice(0, axis)), x!.shape[axis!]]
  const result = shape.findIndex((other, i) => other === length && sizeOf(shape.slice(0, i)) === before)
  return result < 0 ? undefined : { operands: [axis], result }
}

/** Where the whole length of the batch is kept. */
const window = ({ shape, inputs: [x] }: Node, [axis]: Axes): Cut | undefined =>
  shape[axis!] === x!.shape[axis!] ? { operands: [axis], result: axis! } : undefined

const matMul = ({ shape, attributes: { transposeA, transposeB } }: NodeOf<'matMul'>, axes: Axes): Cut => {
  const rank = shape.length
  const inner = [rank - (transposeA ? 2 : 1), rank - (transposeB ? 1 : 2)] as const
  const outer = [rank - (transposeA ? 1 : 2), rank - (transposeB ? 2 : 1)] as const
  const axis = axes[0] ?? axes[1]!
  if (axis < rank - 2) return { operands: [axis, axis], result: axis }
  if (axes[0] === inner[0] || (axes[0] === undefined && axis === inner[1])) return { operands: inner, result: 'add' }
  return axes[0] === undefined
    ? { operands: [undefined, outer[1]], result: rank - 1 }
    : { operands: [outer[0], undefined], result: rank - 2 }
}

const convolution = (_: Node, [axis]: Axes): Cut | undefined =>
  axis === 0 ? { operands: [0, undefined], result: 0 } : undefined

/** Of every image, or of every channel. */
const pooling = (_: Node, [axis]: Axes): Cut | undefined =>
  axis === 0 || axis === 3 ? { operands: [axis], result: axis } : undefined

type Rule<P extends Primitive> = (node: NodeOf<P>, axes: Axes) => Cut | undefined

/** Of what is not element-wise. */
const rules: { readonly [P in Primitive]?: Rule<P> } = {
  sum: reduction('add'),
  reduceMax: reduction('maximum'),
  reshape,
  transpose: ({ attributes: { permutation } }, [axis]) => ({ operands: [axis], result: permutation.indexOf(axis!) }),
  slice: window,
  pad: window,
  concat: ({ inputs, attributes }, axes) => {
    const axis = axes.find((one) => one !== undefined)!
    return axis === attributes.axis ? undefined : { operands: inputs.map(() => axis), result: axis }
  },
  gather: (_, [x, indices]) => {
    if (x === undefined) return { operands: [undefined, indices], result: 0 }
    return x === 0 ? undefined : { operands: [x, undefined], result: x }
  },
  scatterAdd: (_, [updates]) =>
    updates ? { operands: [updates, undefined], result: updates } : { operands: [0, 0], result: 'add' },
  matMul,
  conv2d: convolution,
  conv2dInput: convolution,
  conv2dFilter: () => ({ operands: [0, 0], result: 'add' }),
  avgPool: pooling,
  avgPoolInput: pooling,
}

/** How a node follows operands that come in parts; undefined where it wants them whole. */
export function cutOf(node: Node, axes: Axes): Cut | undefined {
  const rule = (rules[node.op] ?? elementwise) as Rule<Primitive>
  const cut = rule(node, axes)
  return cut && axes.every((axis, i) => axis === undefined || axis === cut.operands[i]) ? cut : undefined
}
