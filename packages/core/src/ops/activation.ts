import type { Rank, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { stopGradient } from './apply.js'
import { add, cast, div, equal, exp, log, mul, neg, relu, sigmoid, sub, abs } from './elementwise.js'
import { reshape, sum } from './layout.js'
import { max } from './reduce.js'
import { constant } from './sources.js'

/** `max(x, 0) - slope · max(-x, 0)` @param slope @default 0.01 */
export const leakyRelu = <R extends Rank>(x: Tensor<R>, slope = 0.01): Tensor<R> =>
  sub(relu(x), mul(relu(neg(x)), slope))

/** `x · sigmoid(x)` */
export const swish = <R extends Rank>(x: Tensor<R>): Tensor<R> => mul(x, sigmoid(x))

/** `log(1 + eˣ)`, without overflow. */
export const softplus = <R extends Rank>(x: Tensor<R>): Tensor<R> => add(relu(x), log(add(exp(neg(abs(x))), 1)))

/** `log softmax` over the last axis. */
export function logSoftmax<R extends Rank>(x: Tensor<R>): Tensor<R> {
  // The shift does not change the result, so its gradient is zero.
  const shifted = sub(x, stopGradient(max(x, x.rank - 1, true)))
  return sub(shifted, log(sum(exp(shifted), x.rank - 1, true)))
}

/** Softmax over the last axis. */
export function softmax<R extends Rank>(x: Tensor<R>): Tensor<R> {
  const weights = exp(sub(x, stopGradient(max(x, x.rank - 1, true))))
  return div(weights, sum(weights, x.rank - 1, true))
}

/** `[rows]` int32 → `[rows, depth]` with a single 1 in each row. */
export function oneHot(indices: Tensor1D, depth: number): Tensor2D {
  const classes = constant(
    Float32Array.from({ length: depth }, (_, i) => i),
    [1, depth],
  )
  return equal(reshape(cast(indices, 'float32'), [indices.shape[0], 1]), classes)
}
