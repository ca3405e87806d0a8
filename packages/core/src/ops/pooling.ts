import type { Tensor4D } from '@tensorflow/tfjs-core'
import { HabaError } from '../errors.js'
import { add, greater, select } from './elementwise.js'
import { pad, reshape, slice } from './layout.js'
import { constant } from './sources.js'

/**
 * Largest value of each window; of equal ones the first, row by row, gets the gradient, as in PyTorch.
 *
 * @param x `[batch, height, width, channels]`
 * @param size side of the window
 * @param options.stride @default size
 * @param options.padding rows and columns of -∞ on every side @default 0
 */
export function maxPool(
  x: Tensor4D,
  size: number,
  { stride = size, padding = 0 }: { readonly stride?: number; readonly padding?: number } = {},
): Tensor4D {
  const [batch, height, width, channels] = x.shape
  const h = Math.floor((height + 2 * padding - size) / stride) + 1
  const w = Math.floor((width + 2 * padding - size) / stride) + 1
  if (h < 1 || w < 1) throw new HabaError('maxPool', `maps of at least ${size}`, `[${x.shape}]`, 'Use fewer poolings.')
  // Room for every tap of the last window in whole strides, so that a tap is one block and no new op is needed.
  const room = [h * stride + size - 1, w * stride + size - 1] as const
  const after = [Math.max(0, room[0] - height - padding), Math.max(0, room[1] - width - padding)] as const
  const zeros = padding || after[0] || after[1] ? pad(x, [0, padding, padding, 0], [0, after[0], after[1], 0]) : x
  const padded = padding ? add(zeros, outside(zeros.shape as Shape4, padding, height, width)) : zeros
  const tap = (i: number, j: number): Tensor4D => {
    const block = slice(padded as Tensor4D, [0, i, j, 0], [batch, h * stride, w * stride, channels])
    const split = reshape(block, [batch, h, stride, w, stride, channels])
    return reshape(slice(split, [0, 0, 0, 0, 0, 0], [batch, h, 1, w, 1, channels]), [batch, h, w, channels])
  }
  let largest = tap(0, 0)
  for (let k = 1; k < size * size; k++) {
    const candidate = tap(Math.floor(k / size), k % size)
    largest = select(greater(candidate, largest), candidate, largest)
  }
  return largest
}

type Shape4 = [number, number, number, number]

/** `[1, rows, columns, 1]`: 0 on the image, the lowest number around it. */
function outside([, rows, columns]: Shape4, padding: number, height: number, width: number): Tensor4D {
  const inside = (i: number, length: number) => i >= padding && i < padding + length
  const values = Float32Array.from({ length: rows * columns }, (_, k) =>
    inside(Math.floor(k / columns), height) && inside(k % columns, width) ? 0 : -3e38,
  )
  return constant(values, [1, rows, columns, 1])
}
