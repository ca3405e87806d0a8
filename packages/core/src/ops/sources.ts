import type { Rank, Tensor } from '@tensorflow/tfjs-core'
import type { Values } from '../compile/graph.js'
import { tensor } from '../tree/host.js'
import { apply } from './apply.js'

/** A tensor filled with one value. */
export const fill = <R extends Rank>(shape: readonly number[], value: number): Tensor<R> =>
  apply('fill', [], { value }, shape)

/** Zeros in the shape of a tensor. */
export const zerosLike = <R extends Rank>(x: Tensor<R>): Tensor<R> => fill(x.shape, 0)
/** Ones in the shape of a tensor. */
export const onesLike = <R extends Rank>(x: Tensor<R>): Tensor<R> => fill(x.shape, 1)

/** Values known when the program is made (a sampling grid, a window): they become part of it. */
export const constant = <R extends Rank = Rank>(values: Values | readonly number[], shape: readonly number[]) => {
  const held = tensor(values, shape)
  const typed = held.dataSync() as Values
  held.dispose()
  return apply<'constant', R>(
    'constant',
    [],
    { values: typed },
    shape,
    undefined,
    typed instanceof Int32Array ? 'int32' : 'float32',
  )
}
