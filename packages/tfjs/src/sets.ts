import { HabaError, sizeOf, tensor, type ImageShape, type RenderedSet } from '@haba/core'
import { Tensor, type Tensor1D, type Tensor2D, type Tensor3D, type Tensor4D } from '@tensorflow/tfjs-core'
import { generator, type Dataset } from '@tensorflow/tfjs-data'

/** One's own set, as tensors. */
export interface RenderedSetOptions {
  /** `[images, height, width, channels]`, in the preprocessed space: as networks shall see them. Copied, not disposed of. */
  readonly images: Tensor
  /** Classes `[images]`, as a tensor or a list; or targets `[images, classes]`, one-hot or soft. */
  readonly labels: Tensor | ArrayLike<number>
  /** How many classes there are. @default the columns of targets, or the largest class + 1 */
  readonly classes?: number
}

/**
 * Your own images as a finished set with one view, for `evaluateSet` and other functions that take sets.
 *
 * @throws HabaError where images and labels do not belong together, or a number is not finite
 */
export async function renderedSet({ images, labels, classes }: RenderedSetOptions): Promise<RenderedSet> {
  const fail = (expected: string, got: string, todo: string) => new HabaError('renderedSet', expected, got, todo)
  if (images.rank !== 4 || images.size === 0)
    throw fail('images [images, height, width, channels]', `[${images.shape}]`, 'Stack them.')
  const [slots, ...image] = images.shape as [number, ...ImageShape]
  const values = Float32Array.from(await images.data())
  const given = labels instanceof Tensor ? await labels.data() : labels
  const shape = labels instanceof Tensor ? labels.shape : [labels.length]
  if (shape[0] !== slots || shape.length > 2)
    throw fail(`labels [${slots}] or [${slots}, classes]`, `[${shape}]`, 'Pass one label for each image.')
  const numbers = Float32Array.from(given)
  for (const [what, list] of Object.entries({ images: values, labels: numbers })) {
    const wrong = list.findIndex((value) => !Number.isFinite(value))
    if (wrong >= 0) throw fail(`finite ${what}`, `${list[wrong]} at ${wrong}`, 'Check how the set was made.')
  }
  const columns = shape.length === 2 ? shape[1]! : (classes ?? numbers.reduce((a, b) => Math.max(a, b), 0) + 1)
  if (classes !== undefined && classes !== columns)
    throw fail(`labels of ${classes} classes`, `${columns} columns`, 'Leave out `classes`.')
  if (shape.length === 2) {
    const largest = Array.from({ length: slots }, (_, i) => {
      const row = numbers.subarray(i * columns, (i + 1) * columns)
      return row.indexOf(row.reduce((a, b) => Math.max(a, b)))
    })
    return {
      layout: { image, classes: columns, slots, views: 1, labels: Int32Array.from(largest) },
      images: values,
      targets: numbers,
    }
  }
  const targets = new Float32Array(slots * columns)
  numbers.forEach((label, i) => {
    if (!Number.isInteger(label) || label < 0 || label >= columns)
      throw fail(`labels 0 … ${columns - 1}`, `${label} for image ${i}`, 'Correct the label, or `classes`.')
    targets[i * columns + label] = 1
  })
  return {
    layout: { image, classes: columns, slots, views: 1, labels: Int32Array.from(numbers) },
    images: values,
    targets,
  }
}

/** A finished set as tensors for any loop; the caller owns them. Row `view · slots + slot`. */
export interface SetTensors {
  /** `[views · slots, height, width, channels]`, in the preprocessed space. */
  readonly images: Tensor4D
  /** `[views · slots, classes]`: one-hot, or what the set learned. */
  readonly targets: Tensor2D
  /** The class of each image, `[views · slots]`, int32. */
  readonly labels: Tensor1D
}

/** A finished set as tensors, every slot under every view; they move to tfjs's backend when they are first used. */
export function toTensors({
  layout: { image, classes, slots, views, labels },
  images,
  targets,
}: RenderedSet): SetTensors {
  const repeated = <T extends Float32Array | Int32Array>(values: T, room: T): T => {
    for (let view = 0; view < views; view++) room.set(values, view * values.length)
    return room
  }
  const rows = views * slots
  return {
    images: tensor(images.slice(), [rows, ...image]),
    targets: tensor(repeated(targets, new Float32Array(rows * classes)), [rows, classes]),
    labels: tensor(repeated(labels, new Int32Array(rows)), [rows]),
  }
}

/**
 * A finished set as a `tf.data.Dataset` of single images with their targets, every slot under every view, for
 * `shuffle`, `batch` and `fitDataset`.
 *
 * @example await model.fitDataset(toTfData(set).shuffle(1000).batch(32), { epochs: 20 })
 */
export function toTfData({
  layout: { image, classes, slots, views },
  images,
  targets,
}: RenderedSet): Dataset<{ xs: Tensor3D; ys: Tensor1D }> {
  const size = sizeOf(image)
  return generator(function* () {
    for (let row = 0; row < views * slots; row++) {
      const target = (row % slots) * classes
      yield {
        xs: tensor(images.slice(row * size, (row + 1) * size), image),
        ys: tensor(targets.slice(target, target + classes), [classes]),
      }
    }
  })
}
