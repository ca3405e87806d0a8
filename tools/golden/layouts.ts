import { oneHotRows, scalar, sizeOf, tensor, type ImageShape } from '@haba/core'
import type { Scalar, Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'

/** A copy whose axis i is the source's axis `order[i]`. */
export function permuted(source: Tensor, order: readonly number[]): Tensor {
  const shape = order.map((axis) => source.shape[axis]!)
  const strides = order.map((axis) => sizeOf(source.shape.slice(axis + 1)))
  const values = source.dataSync<'float32'>()
  const result = new Float32Array(values.length)
  let next = 0
  const copy = (axis: number, offset: number): void => {
    if (axis === shape.length) result[next++] = values[offset]!
    else for (let i = 0; i < shape[axis]!; i++) copy(axis + 1, offset + i * strides[axis]!)
  }
  copy(0, 0)
  return tensor(result, shape)
}

/** Images of the files (NCHW) as ours (NHWC). */
export const imagesOf = (planes: Tensor): Tensor4D => permuted(planes, [0, 2, 3, 1]) as Tensor4D
/** Our images (NHWC) as those of the files (NCHW). */
export const planesOf = (images: Tensor): Tensor4D => permuted(images, [0, 3, 1, 2]) as Tensor4D

/** The shape of one image of a file's batch, whose last three axes are channels, height and width. */
export function imageShapeOf(planes: Tensor): ImageShape {
  const [channels, height, width] = planes.shape.slice(-3)
  return [height!, width!, channels!]
}

/** The same values under another shape. */
export const reshaped = (source: Tensor, shape: readonly number[]): Tensor => tensor(copyOf(source), shape)

/** Rows `indices` of a tensor's first axis. */
export function rowsAt(source: Tensor, indices: readonly number[]): Tensor {
  const size = source.size / source.shape[0]!
  const values = source.dataSync<'float32'>()
  const result = new Float32Array(indices.length * size)
  indices.forEach((index, row) => result.set(values.subarray(index * size, (index + 1) * size), row * size))
  return tensor(result, [indices.length, ...source.shape.slice(1)])
}

/** Several tensors' values one after the other. */
export function concatenated(parts: readonly Tensor[], shape?: readonly number[]): Tensor {
  const values = new Float32Array(parts.reduce((total, part) => total + part.size, 0))
  let at = 0
  for (const part of parts) {
    values.set(part.dataSync<'float32'>(), at)
    at += part.size
  }
  return tensor(values, shape ?? [values.length])
}

export const integersOf = (source: Tensor): number[] => Array.from(source.dataSync<'int32'>())

/** A stored tensor of one value as a scalar of its own. */
export const scalarOf = (source: Tensor): Scalar => scalar(source.dataSync()[0]!)

/** Numbers as a tensor to compare. */
export const listed = (...values: readonly number[]): Tensor => tensor(values, [values.length])

/** One-hot rows. */
export const oneHotOf = (labels: readonly number[], classes: number): Tensor2D =>
  tensor(oneHotRows(labels, classes), [labels.length, classes]) as Tensor2D

const copyOf = (source: Tensor): Float32Array => source.dataSync<'float32'>().slice()
