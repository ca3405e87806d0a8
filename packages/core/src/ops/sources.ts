import type { Rank, Tensor } from '@tensorflow/tfjs-core'
import type { Values } from '../spec/values.js'
import { tensor } from '../tree/host.js'
import type { RankOf } from '../tree/ranks.js'
import { apply } from './apply.js'

/** A tensor filled with one value. */
export const fill = <const S extends readonly number[]>(shape: S, value: number): Tensor<RankOf<S>> =>
  apply('fill', [], { value }, shape)

/** Zeros in the shape of a tensor. */
export const zerosLike = <R extends Rank>(x: Tensor<R>): Tensor<R> => apply('fill', [], { value: 0 }, x.shape)
/** Ones in the shape of a tensor. */
export const onesLike = <R extends Rank>(x: Tensor<R>): Tensor<R> => apply('fill', [], { value: 1 }, x.shape)

/** Constant values, such as a sampling grid or a window; they become part of the program. */
export const constant = <const S extends readonly number[]>(
  values: Values | readonly number[],
  shape: S,
): Tensor<RankOf<S>> => {
  const held = tensor(values, shape)
  const typed = held.dataSync() as Values
  held.dispose()
  return apply('constant', [], { values: typed }, shape, undefined, typed instanceof Int32Array ? 'int32' : 'float32')
}
