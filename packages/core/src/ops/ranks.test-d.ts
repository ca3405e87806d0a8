// What must compile, and what must not: `npm run types` reads it, nothing runs it.
import type { Rank, Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core'
import { tensor } from '../tree/host.js'
import { add, mul, where, square } from './elementwise.js'
import { reshape, sum } from './layout.js'
import { max, mean } from './reduce.js'
import { fill } from './sources.js'

declare const x: Tensor
declare const row: Tensor1D
declare const table: Tensor2D
declare const images: Tensor4D
declare const one: Scalar
declare const shape: readonly number[]

export const reductions = {
  all: [sum(x), mean(images), max(table)] satisfies readonly Scalar[],
  one: [sum(table, 1), mean(table, 0), max(table, -1)] satisfies readonly Tensor1D[],
  last: sum(row, 0) satisfies Scalar,
  several: mean(images, [1, 2]) satisfies Tensor2D,
  none: sum(images, []) satisfies Tensor4D,
  kept: mean(images, [1, 2], true) satisfies Tensor4D,
  // @ts-expect-error the rank of x is not known
  unknown: sum(x, 1) satisfies Scalar,
  // @ts-expect-error a row of sums
  row: sum(table, 1) satisfies Scalar,
  // @ts-expect-error axes are kept
  keptAll: sum(table, [0, 1], true) satisfies Scalar,
  // @ts-expect-error how many axes go is not known
  axes: mean(images, shape) satisfies Tensor2D,
}

export const pairs = {
  same: add(images, images) satisfies Tensor4D,
  scalar: [mul(images, one), mul(one, images), mul(images, 2), mul(2, images)] satisfies readonly Tensor4D[],
  fewer: [add(images, row), add(row, images)] satisfies readonly Tensor4D[],
  numbers: add(1, 2) satisfies Scalar,
  scalars: [add(one, one), add(one, 1)] satisfies readonly Scalar[],
  // @ts-expect-error a table added to a row is a table
  row: add(row, table) satisfies Tensor1D,
  // @ts-expect-error the rank of x is not known
  unknown: add(row, x) satisfies Tensor1D,
}

export const generic = <R extends Rank>(y: Tensor<R>): Tensor<R> => mul(add(y, square(y)), 0.5)

export const others = {
  shaped: [reshape(x, [2, 3]), tensor([0], [1, 1]), fill([1, 2], 0)] satisfies readonly Tensor2D[],
  selected: where(images, images, 0) satisfies Tensor4D,
  // @ts-expect-error three lengths
  three: reshape(x, [2, 3, 1]) satisfies Tensor2D,
  // @ts-expect-error the length of the shape is not known
  unknown: reshape(x, shape) satisfies Tensor3D,
}
