import type { Tensor, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core'
import { assertShape } from './shape.js'
import { add, cast, floor, greater, maximum, minimum, mul, sub } from './elementwise.js'
import { broadcastTo, gather, reshape, slice } from './layout.js'
import { matMul } from './linear.js'
import { constant } from './sources.js'

/**
 * Resamples images on an affine grid, bilinearly, with zeros outside. The value at offset `(dx, dy)`, in pixels from the
 * center of the image, comes from offset `matrix · (dx, dy)`. Differentiable with respect to images and matrices.
 * For square images it equals PyTorch's `affine_grid` + `grid_sample`, with aligned corners or not.
 *
 * @param images `[batch, height, width, channels]`
 * @param matrices `[batch or 1, 2, 2]`, acting on (column, row) offsets
 */
export function affineSample(images: Tensor4D, matrices: Tensor3D): Tensor4D {
  const [batch, height, width, channels] = images.shape
  const maps = matrices.shape[0]
  assertShape('affineSample', 'matrices', [maps === 1 ? 1 : batch, 2, 2], matrices.shape)
  const pixels = height * width
  const offsets = new Float32Array(2 * pixels)
  for (let i = 0; i < pixels; i++) {
    offsets[i] = (i % width) - (width - 1) / 2
    offsets[pixels + i] = Math.floor(i / width) - (height - 1) / 2
  }
  const grid = broadcastTo(constant(offsets, [1, 2, pixels]), [maps, 2, pixels])
  const source = matMul(matrices, grid) // [maps, 2, pixels]
  const along = (axis: number, center: number) =>
    add(reshape(slice(source, [0, axis, 0], [maps, 1, pixels]), [maps, pixels]), center)
  const [x, y] = [along(0, (width - 1) / 2), along(1, (height - 1) / 2)]
  const [left, top] = [floor(x), floor(y)]
  const [toRight, toBottom] = [sub(x, left), sub(y, top)]

  const rows = reshape(images, [batch * pixels, channels])
  const first = constant(
    Float32Array.from({ length: batch }, (_, i) => i * pixels),
    [batch, 1],
  )
  const tap = (column: Tensor, row: Tensor, weight: Tensor) => {
    const inside = mul(within(column, width), within(row, height))
    const clamp = (v: Tensor, length: number) => minimum(maximum(v, 0), length - 1)
    const index = add(add(mul(clamp(row, height), width), clamp(column, width)), first) // [batch, pixels]
    const values = gather(rows, cast(reshape(index, [batch * pixels]), 'int32'))
    return mul(reshape(values, [batch, pixels, channels]), reshape(mul(weight, inside), [maps, pixels, 1]))
  }
  const [right, bottom] = [add(left, 1), add(top, 1)]
  const total = [
    tap(left, top, mul(sub(1, toRight), sub(1, toBottom))),
    tap(right, top, mul(toRight, sub(1, toBottom))),
    tap(left, bottom, mul(sub(1, toRight), toBottom)),
    tap(right, bottom, mul(toRight, toBottom)),
  ].reduce((sum, part) => add(sum, part))
  return reshape(total, [batch, height, width, channels])
}

/** 1 where 0 ≤ v < length, for integers. */
const within = (v: Tensor, length: number) => mul(greater(v, -0.5), greater(length - 0.5, v))

/**
 * Resizes images bilinearly, as PyTorch with `align_corners=False`: two small matrix products.
 *
 * @param images `[batch, height, width, channels]`
 * @returns `[batch, rows, columns, channels]`
 */
export function resizeBilinear(images: Tensor4D, rows: number, columns: number): Tensor4D {
  const [batch, height, width, channels] = images.shape
  if (height === rows && width === columns) return images
  const vertical = broadcastTo(constant(interpolation(height, rows), [1, rows, height]), [batch, rows, height])
  const tall = reshape(matMul(vertical, reshape(images, [batch, height, width * channels])), [
    batch * rows,
    width,
    channels,
  ])
  const horizontal = constant(interpolation(width, columns), [1, columns, width])
  const wide = matMul(broadcastTo(horizontal, [batch * rows, columns, width]), tall)
  return reshape(wide, [batch, rows, columns, channels])
}

/** `[to, from]`: the weights of the two nearest old samples for each new one. */
function interpolation(from: number, to: number): Float32Array {
  const weights = new Float32Array(to * from)
  for (let i = 0; i < to; i++) {
    const at = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1)
    const low = Math.floor(at)
    weights[i * from + low]! += 1 - (at - low)
    weights[i * from + Math.min(low + 1, from - 1)]! += at - low
  }
  return weights
}
