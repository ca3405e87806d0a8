import { hostTensor, sizeOf, type RankOf, type Values } from '@haba/core'
import type { Tensor } from '@tensorflow/tfjs-core'

/** For tests: row-major `logical` values, held with the axes of the array in `order`. */
export function held<const S extends readonly number[]>(
  logical: Values,
  shape: S,
  order: readonly number[],
): Tensor<RankOf<S>> {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)))
  const lengths = order.map((axis) => shape[axis]!)
  const values = logical.slice()
  for (let place = 0; place < values.length; place++) {
    let [rest, offset] = [place, 0]
    for (let i = order.length - 1; i >= 0; i--) {
      offset += (rest % lengths[i]!) * strides[order[i]!]!
      rest = Math.floor(rest / lengths[i]!)
    }
    values[place] = logical[offset]!
  }
  return hostTensor({ values, order }, shape, logical instanceof Int32Array ? 'int32' : 'float32')
}
