import { broadcastTo, HabaError, matMul, reshape, tensor, transpose, type ImageShape } from '@haba/core'
import type { Tensor3D, Tensor4D } from '@tensorflow/tfjs-core'

/** A linear map of rows and columns, channel by channel: `rows · image · columnsᵀ`. */
export type LinearDraw = {
  /** `[n or 1, height, height]`; row i has the weights of the new row i. */
  readonly rows: Tensor3D
  /** `[n or 1, width, width]`; row j has the weights of the new column j. */
  readonly columns: Tensor3D
}

/** Applies the map. Flip, crop and scale share it, so that it compiles once for all of them. */
export function linearMap(images: Tensor4D, { rows, columns }: LinearDraw): Tensor4D {
  const [batch, height, width, channels] = images.shape
  assertRows('linearMap', rows.shape[0], batch)
  // Channels first, so that height and width are the matrix axes. Free in compiled engines, which keep images in this layout.
  const planes = transpose(images, [0, 3, 1, 2]) // [batch, channels, height, width]
  // With one matrix for all images the batch becomes a single tall matrix.
  const lead = columns.shape[0]
  const tall = reshape(planes, [lead, (batch * channels * height) / lead, width])
  const mixed = reshape(matMul(tall, columns, { b: true }), [batch, channels, height, width])
  const left = broadcastTo(reshape(rows, [lead, 1, height, height]), [batch, channels, height, height])
  return transpose(matMul(left, mixed), [0, 2, 3, 1])
}

/** Checks that a draw has one row for every image, or one for all. */
export function assertRows(who: string, rows: number, batch: number): void {
  if (rows !== 1 && rows !== batch)
    throw new HabaError(
      who,
      `a draw of 1 or ${batch} rows`,
      `${rows}`,
      'Draw as many rows as there are images, or one.',
    )
}

/** Adds the weights of one axis of one image, by new and old position. */
export type Mix = (image: number, add: (to: number, from: number, weight: number) => void) => void

/** The matrices of n images from the weights of each axis. */
export const linearDraw = (n: number, [height, width]: ImageShape, rows: Mix, columns: Mix): LinearDraw => ({
  rows: matrices(n, height, rows),
  columns: matrices(n, width, columns),
})

function matrices(n: number, length: number, mix: Mix): Tensor3D {
  const values = new Float32Array(n * length * length)
  for (let i = 0; i < n; i++)
    mix(i, (to, from, weight) => {
      if (from >= 0 && from < length) values[(i * length + to) * length + from]! += weight
    })
  return tensor(values, [n, length, length])
}
