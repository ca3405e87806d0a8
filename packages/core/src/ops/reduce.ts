import type { Rank, Scalar, Tensor } from '@tensorflow/tfjs-core'
import { apply } from './apply.js'
import { div, equal, mul } from './elementwise.js'
import type { Axes, Without } from '../tree/ranks.js'
import { broadcastTo, reshape, sum } from './layout.js'
import { normalizeAxes } from './shape.js'

/** Mean over axes (all by default). @param keepDims whether reduced axes stay with length 1 @default false */
export function mean(x: Tensor): Scalar
export function mean<R extends Rank>(x: Tensor<R>, axes: Axes, keepDims: true): Tensor<R>
export function mean<R extends Rank, const A extends Axes>(
  x: Tensor<R>,
  axes: A,
  keepDims?: false,
): Tensor<Without<R, A>>
export function mean(x: Tensor, axes?: Axes, keepDims?: boolean): Tensor
export function mean(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  const count = normalizeAxes('mean', axes, x.rank).reduce((product, axis) => product * x.shape[axis]!, 1)
  return mul(sum(x, axes, keepDims), 1 / count)
}

/** Largest value over axes (all by default); equal largest values share the gradient. @param keepDims whether reduced axes stay with length 1 @default false */
export function max(x: Tensor): Scalar
export function max<R extends Rank>(x: Tensor<R>, axes: Axes, keepDims: true): Tensor<R>
export function max<R extends Rank, const A extends Axes>(
  x: Tensor<R>,
  axes: A,
  keepDims?: false,
): Tensor<Without<R, A>>
export function max(x: Tensor, axes?: Axes, keepDims?: boolean): Tensor
export function max(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  const list = normalizeAxes('max', axes, x.rank)
  const kept = x.shape.map((length, axis) => (list.includes(axis) ? 1 : length))
  const shape = keepDims ? kept : x.shape.filter((_, axis) => !list.includes(axis))
  const y: Tensor = apply('reduceMax', [x], { axes: list, keepDims }, shape, (dy) => [
    () => {
      const largest = equal(x, broadcastTo(reshape(y, kept), x.shape))
      return mul(div(reshape(dy, kept), sum(largest, list, true)), largest)
    },
  ])
  return y
}
