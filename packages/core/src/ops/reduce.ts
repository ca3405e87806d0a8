import type { Rank, Tensor } from '@tensorflow/tfjs-core'
import { apply } from './apply.js'
import { div, equal, mul } from './elementwise.js'
import { broadcastTo, reshape, sum } from './layout.js'
import { normaliseAxes } from './shape.js'

/** Mean over axes (all by default). */
export function mean<R extends Rank = Rank>(x: Tensor, axes?: number | readonly number[], keepDims = false): Tensor<R> {
  const count = normaliseAxes('mean', axes, x.rank).reduce((product, axis) => product * x.shape[axis]!, 1)
  return mul(sum<R>(x, axes, keepDims), 1 / count)
}

/** Largest value over axes (all by default); equal largest values share the gradient. */
export function max<R extends Rank = Rank>(x: Tensor, axes?: number | readonly number[], keepDims = false): Tensor<R> {
  const list = normaliseAxes('max', axes, x.rank)
  const kept = x.shape.map((length, axis) => (list.includes(axis) ? 1 : length))
  const shape = keepDims ? kept : x.shape.filter((_, axis) => !list.includes(axis))
  const y: Tensor<R> = apply('reduceMax', [x], { axes: list, keepDims }, shape, (dy) => [
    () => {
      const largest = equal(x, broadcastTo(reshape(y, kept), x.shape))
      return mul(div(reshape(dy, kept), sum(largest, list, true)), largest)
    },
  ])
  return y
}
