import type { Tensor4D } from '@tensorflow/tfjs-core'
import { HabaError } from '../errors.js'
import { add, greater, where } from './elementwise.js'
import { pad, reshape, slice } from './layout.js'
import { constant } from './sources.js'

/** Stride and padding of `maxPool`. */
export interface MaxPoolOptions {
  /** One number, or `[down, across]`. @default the window's sides */
  readonly stride?: number | readonly [number, number]
  /** Rows and columns of -∞: one number for all sides, or `[top, left, bottom, right]`. @default 0 */
  readonly padding?: number | readonly [top: number, left: number, bottom: number, right: number]
}

/**
 * Largest value of each window. Of equal values the first in row-major order receives the gradient, as in PyTorch.
 *
 * @param x `[batch, height, width, channels]`
 * @param size side of the window, or `[height, width]`
 */
export function maxPool(
  x: Tensor4D,
  size: number | readonly [number, number],
  { stride = size, padding = 0 }: MaxPoolOptions = {},
): Tensor4D {
  const [batch, height, width, channels] = x.shape
  const [rows, columns] = typeof size === 'number' ? [size, size] : size
  const [down, across] = typeof stride === 'number' ? [stride, stride] : stride
  const [top, left, bottom, right] = typeof padding === 'number' ? [padding, padding, padding, padding] : padding
  const h = Math.floor((height + top + bottom - rows) / down) + 1
  const w = Math.floor((width + left + right - columns) / across) + 1
  if (h < 1 || w < 1) throw new HabaError('maxPool', `maps of at least ${size}`, `[${x.shape}]`, 'Use fewer poolings.')
  // Padded to whole strides, so that each tap is one block and existing ops suffice.
  const room = [h * down + rows - 1, w * across + columns - 1] as const
  const after = [Math.max(0, room[0] - height - top), Math.max(0, room[1] - width - left)] as const
  const isPadded = top > 0 || left > 0 || bottom > 0 || right > 0
  const zeros = isPadded || after[0] || after[1] ? pad(x, [0, top, left, 0], [0, after[0], after[1], 0]) : x
  const padded = isPadded ? add(zeros, outside(zeros.shape, [top, left], [height, width])) : zeros
  const tap = (i: number, j: number): Tensor4D => {
    const block = slice(padded, [0, i, j, 0], [batch, h * down, w * across, channels])
    const split = reshape(block, [batch, h, down, w, across, channels])
    return reshape(slice(split, [0, 0, 0, 0, 0, 0], [batch, h, 1, w, 1, channels]), [batch, h, w, channels])
  }
  let largest = tap(0, 0)
  for (let k = 1; k < rows * columns; k++) {
    const candidate = tap(Math.floor(k / columns), k % columns)
    largest = where(greater(candidate, largest), candidate, largest)
  }
  return largest
}

type Shape4 = [number, number, number, number]

/** `[1, rows, columns, 1]`: 0 on the image, the lowest number around it. */
function outside(
  [, rows, columns]: Shape4,
  [top, left]: readonly [number, number],
  [height, width]: readonly [number, number],
): Tensor4D {
  const inside = (i: number, before: number, length: number) => i >= before && i < before + length
  const values = Float32Array.from({ length: rows * columns }, (_, k) =>
    inside(Math.floor(k / columns), top, height) && inside(k % columns, left, width) ? 0 : -3e38,
  )
  return constant(values, [1, rows, columns, 1])
}
