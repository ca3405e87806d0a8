import { broadcastTo, HabaError, matMul, reshape, tensor, transpose, type ImageShape } from '@haba/core'
import type { Tensor3D, Tensor4D } from '@tensorflow/tfjs-core'

/** A change of images that mixes whole rows and whole columns: `rows · image · columnsᵀ`, channel by channel. */
export type LinearDraw = {
  /** `[n or 1, height, height]`; row i says what the new row i is made of. */
  readonly rows: Tensor3D
  /** `[n or 1, width, width]`; row j says what the new column j is made of. */
  readonly columns: Tensor3D
}

/** The one map that flip, crop and scale share: it compiles once for all of them. */
export function linearMap(images: Tensor4D, { rows, columns }: LinearDraw): Tensor4D {
  const [batch, height, width, channels] = images.shape
  assertRows('linearMap', rows.shape[0], batch)
  // Channels first, where height and width are the matrix axes; compiled engines keep images so, and the way is free.
  const planes = transpose(images, [0, 3, 1, 2]) // [batch, channels, height, width]
  // One matrix for all images: the whole batch is a single tall one, and nothing is repeated.
  const lead = columns.shape[0]
  const tall = reshape(planes, [lead, (batch * channels * height) / lead, width])
  const mixed = reshape(matMul(tall, columns, { b: true }), [batch, channels, height, width])
  const left = broadcastTo(reshape(rows, [lead, 1, height, height]), [batch, channels, height, height])
  return transpose(matMul(left, mixed), [0, 2, 3, 1])
}

/** A draw has a row for every image, or one row for all. */
export function assertRows(who: string, rows: number, batch: number): void {
  if (rows !== 1 && rows !== batch)
    throw new HabaError(
      who,
      `a draw of 1 or ${batch} rows`,
      `${rows}`,
      'Draw as many rows as there are images, or one.',
    )
}

/** How one axis of one image is mixed: weights by new and old position. */
export type Mix = (image: number, add: (to: number, from: number, weight: number) => void) => void

/** Matrices of n images, from how each axis is mixed. */
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
