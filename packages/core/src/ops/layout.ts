import type { Rank, Scalar, Tensor, Tensor1D } from '@tensorflow/tfjs-core'
import { HabaError } from '../errors.js'
import { sizeOf } from '../spec/values.js'
import type { Axes, RankOf, Without } from '../tree/ranks.js'
import { apply } from './apply.js'
import { assertShape, normalizeAxes, sameShape } from './shape.js'

/** The same values in a new shape of equal size; one length may be -1. */
export function reshape<const S extends readonly number[]>(x: Tensor, shape: S): Tensor<RankOf<S>> {
  const known = shape.filter((length) => length >= 0)
  const full = shape.map((length) => (length < 0 ? x.size / sizeOf(known) : length))
  if (sizeOf(full) !== x.size || full.some((length) => !Number.isInteger(length)))
    throw new HabaError('reshape', `a shape of ${x.size} elements`, `[${shape}] for [${x.shape}]`, 'Check the lengths.')
  return apply('reshape', [x], {}, full, (dy) => [() => reshape(dy, x.shape)], x.dtype as 'float32')
}

/** Output axis i is input axis `permutation[i]`. */
export function transpose<R extends Rank>(x: Tensor<R>, permutation: readonly number[]): Tensor<R> {
  normalizeAxes('transpose', permutation, x.rank)
  const inverse = permutation.map((_, i) => permutation.indexOf(i))
  const shape = permutation.map((axis) => x.shape[axis]!)
  return apply('transpose', [x], { permutation }, shape, (dy) => [() => transpose(dy, inverse)])
}

/** Repeats values along axes of length 1 and along new leading axes. */
export function broadcastTo<const S extends readonly number[]>(x: Tensor, shape: S): Tensor<RankOf<S>> {
  if (sameShape(x.shape, shape)) return x
  return apply('broadcastTo', [x], {}, shape, (dy) => [() => sumTo(dy, x.shape)])
}

/** Sums over axes (all by default). @param keepDims whether reduced axes stay with length 1 @default false */
export function sum(x: Tensor): Scalar
export function sum<R extends Rank>(x: Tensor<R>, axes: Axes, keepDims: true): Tensor<R>
export function sum<R extends Rank, const A extends Axes>(
  x: Tensor<R>,
  axes: A,
  keepDims?: false,
): Tensor<Without<R, A>>
export function sum(x: Tensor, axes?: Axes, keepDims?: boolean): Tensor
export function sum(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  const list = normalizeAxes('sum', axes, x.rank)
  const kept = x.shape.map((length, axis) => (list.includes(axis) ? 1 : length))
  const shape = keepDims ? kept : x.shape.filter((_, axis) => !list.includes(axis))
  return apply('sum', [x], { axes: list, keepDims }, shape, (dy) => [() => broadcastTo(reshape(dy, kept), x.shape)])
}

/** The adjoint of broadcasting: sums over repeated axes, back to `shape`. */
export function sumTo(x: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(x.shape, shape)) return x
  const lead = x.rank - shape.length
  const axes = x.shape.flatMap((length, axis) =>
    axis < lead || (shape[axis - lead] === 1 && length !== 1) ? [axis] : [],
  )
  return reshape(sum(x, axes), shape)
}

/** The block of a tensor that starts at `begin` and has shape `size`. */
export function slice<R extends Rank>(x: Tensor<R>, begin: readonly number[], size: readonly number[]): Tensor<R> {
  const shape = size.map((length, axis) => (length < 0 ? x.shape[axis]! - begin[axis]! : length))
  if (
    begin.length !== x.rank ||
    shape.some((length, axis) => begin[axis]! < 0 || begin[axis]! + length > x.shape[axis]!)
  )
    throw new HabaError('slice', `a block inside [${x.shape}]`, `begin [${begin}], size [${size}]`, '')
  const after = shape.map((length, axis) => x.shape[axis]! - begin[axis]! - length)
  return apply('slice', [x], { begin }, shape, (dy) => [() => pad(dy, begin, after)], x.dtype as 'float32')
}

/** Pads each axis with zeros before and after. */
export function pad<R extends Rank>(x: Tensor<R>, before: readonly number[], after: readonly number[]): Tensor<R> {
  if ([...before, ...after].some((length) => length < 0) || before.length !== x.rank)
    throw new HabaError('pad', `${x.rank} non-negative lengths`, `[${before}] and [${after}]`, 'Use slice to cut.')
  const shape = x.shape.map((length, axis) => before[axis]! + length + after[axis]!)
  return apply('pad', [x], { before }, shape, (dy) => [() => slice(dy, before, x.shape)])
}

/** Joins tensors along an axis. */
export function concat<R extends Rank>(tensors: readonly Tensor<R>[], axis: number): Tensor<R> {
  const first = tensors[0]
  if (!first) throw new HabaError('concat', 'at least one tensor', 'none', 'Pass the tensors to join.')
  for (const t of tensors)
    assertShape(
      'concat',
      'tensors that differ along one axis only:',
      first.shape.map((length, i) => (i === axis ? t.shape[axis]! : length)),
      t.shape,
    )
  if (tensors.length === 1) return first
  const offsets = tensors.map((_, i) => tensors.slice(0, i).reduce((total, t) => total + t.shape[axis]!, 0))
  const length = tensors.reduce((total, t) => total + t.shape[axis]!, 0)
  const shape = first.shape.map((n, i) => (i === axis ? length : n))
  return apply(
    'concat',
    tensors,
    { axis },
    shape,
    (dy) =>
      tensors.map(
        (t, i) => () =>
          slice(
            dy,
            t.shape.map((_, a) => (a === axis ? offsets[i]! : 0)),
            t.shape,
          ),
      ),
    first.dtype as 'float32',
  )
}

/** Joins tensors of one shape along a new axis. */
export const stack = (tensors: readonly Tensor[], axis = 0): Tensor =>
  concat(
    tensors.map((t) => reshape(t, [...t.shape.slice(0, axis), 1, ...t.shape.slice(axis)])),
    axis,
  )

/** Rows of `x` along axis 0. `indices` is `[rows]`, int32. */
export function gather<R extends Rank>(x: Tensor<R>, indices: Tensor1D): Tensor<R> {
  const shape = [indices.shape[0], ...x.shape.slice(1)]
  return apply(
    'gather',
    [x, indices],
    {},
    shape,
    (dy) => [() => scatterAdd(dy, indices, x.shape[0]), undefined],
    x.dtype as 'float32',
  )
}

/** The adjoint of gather: zeros `[rows, …]` with `updates` added at `indices`, repeats included. */
export function scatterAdd<R extends Rank>(updates: Tensor<R>, indices: Tensor1D, rows: number): Tensor<R> {
  const shape = [rows, ...updates.shape.slice(1)]
  return apply('scatterAdd', [updates, indices], {}, shape, (dy) => [() => gather(dy, indices), undefined])
}
