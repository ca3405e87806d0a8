import type { DType, Values } from '../spec/values.js'

/**
 * Attributes of every primitive. Shapes are logical: images `[batch, height, width, channels]`, convolution kernels
 * `[height, width, in, out]`, pads `[top, left, bottom, right]`. The shape of an operation's result is in its node.
 */
export interface PrimitiveAttributes {
  // sources
  input: { readonly index: number }
  constant: { readonly values: Values }
  fill: { readonly value: number }
  // element-wise, one operand
  neg: Empty
  exp: Empty
  log: Empty
  sqrt: Empty
  reciprocal: Empty
  abs: Empty
  sign: Empty
  floor: Empty
  sigmoid: Empty
  tanh: Empty
  relu: Empty
  /** 1 where x > 0, else 0 */
  step: Empty
  cast: Empty
  // element-wise, two operands, broadcast as in NumPy
  add: Empty
  sub: Empty
  mul: Empty
  div: Empty
  maximum: Empty
  minimum: Empty
  /** float32: 1 where a > b, else 0 */
  greater: Empty
  /** float32: 1 where a = b, else 0 */
  equal: Empty
  /** `[mask, a, b]` of one shape: a where mask is not 0, else b */
  select: Empty
  // reductions and layout
  sum: { readonly axes: readonly number[]; readonly keepDims: boolean }
  reduceMax: { readonly axes: readonly number[]; readonly keepDims: boolean }
  broadcastTo: Empty
  reshape: Empty
  /** Output axis i is input axis `permutation[i]`. */
  transpose: { readonly permutation: readonly number[] }
  slice: { readonly begin: readonly number[] }
  /** Pads with zeros. */
  pad: { readonly before: readonly number[] }
  concat: { readonly axis: number }
  /** `[x, indices]`: rows of x along axis 0; indices are `[rows]` int32. */
  gather: Empty
  /** `[updates, indices]`: zeros with updates added at rows `indices` of axis 0. */
  scatterAdd: Empty
  // linear maps
  /** `[…, m, k] · […, k, n]`, equal leading axes. Of a transposed operand the last two axes are swapped. */
  matMul: { readonly transposeA: boolean; readonly transposeB: boolean }
  /** `[x, kernel]` */
  conv2d: ConvolutionAttributes
  /** `[dy, kernel]`: gradient of conv2d with respect to x; also the transposed convolution. */
  conv2dInput: ConvolutionAttributes
  /** `[x, dy]`: gradient of conv2d with respect to the kernel. */
  conv2dFilter: ConvolutionAttributes
  /** `[x]`: mean over windows, no padding. */
  avgPool: PoolAttributes
  /** `[dy]`: gradient of avgPool. */
  avgPoolInput: PoolAttributes
}

/** Strides and pads of a convolution node. */
export interface ConvolutionAttributes {
  readonly strides: readonly [number, number]
  readonly pads: readonly [top: number, left: number, bottom: number, right: number]
}

/** Window and strides of a pooling node. */
export interface PoolAttributes {
  readonly size: readonly [number, number]
  readonly strides: readonly [number, number]
}

type Empty = Readonly<Record<string, never>>

/** Names of the operations that programs are made of. */
export type Primitive = keyof PrimitiveAttributes

/** One value of a traced program. */
export type Node = {
  [P in Primitive]: {
    readonly op: P
    readonly id: number
    readonly inputs: readonly Node[]
    readonly attributes: PrimitiveAttributes[P]
    readonly shape: readonly number[]
    readonly dtype: DType
  }
}[Primitive]

/** A node made of its fields. */
export const nodeOf = <P extends Primitive>(
  op: P,
  id: number,
  inputs: readonly Node[],
  attributes: PrimitiveAttributes[P],
  shape: readonly number[],
  dtype: DType,
): Node =>
  // For each P this is a member of the union; TypeScript cannot see it for a generic P.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion
  ({ op, id, inputs, attributes, shape, dtype }) as unknown as Node

/** A traced program. `nodes` are the live nodes in topological order, inputs first. */
export interface Graph {
  readonly inputs: readonly Node[]
  readonly nodes: readonly Node[]
  readonly outputs: readonly Node[]
}
