import type { Tensor } from '@tensorflow/tfjs-core'
import { foldIn, integers, keyFrom, sizeOf, tensor, uniform } from '@haba/core'

/** An operand: uniform values in a range, or given ones. */
export type Operands = {
  readonly shape: readonly number[]
  readonly low?: number
  readonly high?: number
  /** Whole numbers `0 … below-1` in place of floats. */
  readonly below?: number
  readonly values?: readonly number[]
  /** Not differentiated: a mask, values at a kink, or where float32 sees no slope. @default false */
  readonly fixed?: boolean
}

/** One use of an op, to be compared with the plain loops and with finite differences. */
export interface OpCase {
  readonly name: string
  readonly operands: readonly Operands[]
  fn(...operands: readonly Tensor[]): Tensor
}

type Fn = (...operands: readonly Tensor[]) => Tensor

/** A case whose operands are floats in `[-2, 2)` of these shapes, or as described. */
export const op = (name: string, operands: readonly (readonly number[] | Operands)[], fn: Fn): OpCase => ({
  name,
  fn,
  operands: operands.map((one) => ('shape' in one ? one : { shape: one })),
})

/** Positive floats, away from 0: for roots, logarithms and divisors. */
export const positive = (...shape: readonly number[]): Operands => ({ shape, low: 0.5, high: 2 })
/** Row indices, with repeats. */
export const indices = (...values: readonly number[]): Operands => ({ shape: [values.length], values, below: 1 })
/** Whole numbers from -1 to 1 as floats, so that there are ties and zeros; no derivative is looked for there. */
export const ties = (...shape: readonly number[]): Operands => ({
  shape,
  values: Array.from(integers(foldIn(keyFrom(3), sizeOf(shape)), sizeOf(shape), 3), (v) => v - 1),
  fixed: true,
})

/** The operands of a case as tensors. */
export const tensorsOf = ({ name, operands }: OpCase): readonly Tensor[] =>
  operands.map(({ shape, values, below, low = -2, high = 2 }, i) => {
    const key = foldIn(foldIn(keyFrom(2), name), i)
    if (below !== undefined) return tensor(Int32Array.from(values ?? integers(key, sizeOf(shape), below)), shape)
    return tensor(values ? Float32Array.from(values) : uniform(key, sizeOf(shape), low, high), shape)
  })
