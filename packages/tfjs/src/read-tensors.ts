import { HabaError, type ImageShape } from '@haba/core'
import type { Tensor } from '@tensorflow/tfjs-core'

/** Labeled images: what `fromTensors` takes of each half. */
export interface TensorSplit {
  /**
   * `[images, height, width, channels]`, or `[images, height, width]` of gray ones; whole numbers 0 … 255 or fractions 0 … 1,
   * and any finite values where they are preprocessed. Copied, not disposed of.
   */
  readonly images: Tensor
  /** The class of each image, `[images]`, as a tensor or a list; or one-hot rows, `[images, classes]`. */
  readonly labels: Tensor | ArrayLike<number>
}

/** A half in memory. */
export interface Half {
  readonly image: ImageShape
  /** `[images × height × width × channels]`; bytes stay bytes. */
  readonly values: Uint8Array | Float32Array
  readonly labels: Int32Array
  /** Of one-hot labels. */
  readonly classes?: number | undefined
}

/** @param who names the half in errors */
export async function readHalf(who: string, { images, labels }: TensorSplit, preprocessed: boolean): Promise<Half> {
  const [count, height, width, channels = 1] = images.shape as [number, number, number, number?]
  if ((images.rank !== 3 && images.rank !== 4) || images.size === 0)
    throw new HabaError(
      who,
      'images [images, height, width, channels]',
      `[${images.shape}]`,
      'Stack or reshape them; two-dimensional data has a height of 1.',
    )
  const values = valuesOf(who, await images.data(), images.size / count, preprocessed)
  const { classes, indices } = await readLabels(who, labels)
  if (indices.length !== count)
    throw new HabaError(who, `one label for each of ${count} images`, `${indices.length}`, 'Pass both of one set.')
  return { image: [height, width, channels], values, labels: indices, classes }
}

/** Bytes or floats in `[0, 1]`; of preprocessed images any finite floats. */
function valuesOf(
  who: string,
  data: ArrayLike<number>,
  size: number,
  preprocessed: boolean,
): Uint8Array | Float32Array {
  let [low, high, isWhole] = [Infinity, -Infinity, true]
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!
    if (!Number.isFinite(value))
      throw new HabaError(who, 'finite images', `${value} in image ${Math.floor(i / size)}`, 'Check the images.')
    low = Math.min(low, value)
    high = Math.max(high, value)
    isWhole &&= Number.isInteger(value)
  }
  if (preprocessed || (low >= 0 && high <= 1)) return Float32Array.from(data)
  if (isWhole && low >= 0 && high <= 255) return Uint8Array.from(data)
  throw new HabaError(
    who,
    'pixels as whole numbers 0 … 255, or in [0, 1]',
    `values from ${low} to ${high}`,
    'Scale them, or say `preprocessed: true` where they were standardized before.',
  )
}

/** Classes by number, from numbers or one-hot rows. */
async function readLabels(
  who: string,
  labels: TensorSplit['labels'],
): Promise<{ readonly indices: Int32Array; readonly classes?: number }> {
  const isTensor = 'dataId' in labels
  const values: ArrayLike<number> = isTensor ? await labels.data() : labels
  const shape = isTensor ? labels.shape : [labels.length]
  if (shape.length === 1) {
    for (let i = 0; i < values.length; i++)
      if (!Number.isInteger(values[i]) || values[i]! < 0)
        throw new HabaError(who, 'labels that are classes 0, 1, …', `${values[i]} for image ${i}`, 'Correct the label.')
    return { indices: Int32Array.from(values) }
  }
  const classes = shape[1]!
  if (shape.length !== 2)
    throw new HabaError(who, 'labels [images] or [images, classes]', `[${shape}]`, 'Reshape them.')
  const all = Array.from(values)
  const rows = Array.from({ length: shape[0]! }, (_, i) => all.slice(i * classes, (i + 1) * classes))
  const indices = Int32Array.from(rows, (row, i) => {
    const label = row.indexOf(1)
    if (label >= 0 && row.every((value, c) => value === +(c === label))) return label
    throw new HabaError(
      who,
      'one-hot labels: a single 1 in each row',
      `[${row.slice(0, 10)}${row.length > 10 ? ', …' : ''}] for image ${i}`,
      'Real images have one class each; soft labels belong into a set (`renderedSet`).',
    )
  })
  return { indices, classes }
}
