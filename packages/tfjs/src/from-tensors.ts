import {
  HabaError,
  rangePreprocessing,
  sizeOf,
  tensor,
  type Dataset,
  type Preprocessing,
  type RealSource,
  type TrainDataset,
} from '@haba/core'
import { readHalf, type Half, type TensorSplit } from './read-tensors.js'

/** What is said of images besides themselves. */
export interface DataOptions {
  /** What reports call the data set. @default 'tensors' */
  readonly name?: string
  /** In the order of the labels. @default '0', '1', … for each column of one-hot labels, or up to the largest label */
  readonly classNames?: readonly string[]
  /**
   * From pixels in `[0, 1]` to what networks see, such as `standardize({ mean, std })` of `@haba/datasets`.
   *
   * @default none; of preprocessed images, one that shows their range as pixels 0 … 1
   */
  readonly preprocessing?: Preprocessing
  /** Whether the images are what `preprocessing` makes of pixels, such as standardized ones: read as they are. @default false */
  readonly preprocessed?: boolean
}

/** What `fromTensors` takes. */
export interface FromTensorsOptions extends TensorSplit, DataOptions {
  /** @default no test images: a `TrainDataset` */
  readonly test?: TensorSplit
}

/**
 * A data set from tensors of any tfjs backend. Its `train` is what is distilled (a `RealSource`), its `test` what networks are
 * tested on. The tensors are copied once and may be disposed of afterwards.
 *
 * @throws HabaError where images and labels do not belong together, or are no pixels and classes
 * @example const { train } = await fromTensors({ images, labels })
 */
export function fromTensors(options: FromTensorsOptions & { readonly test: TensorSplit }): Promise<Dataset>
export function fromTensors(options: FromTensorsOptions): Promise<TrainDataset>
export async function fromTensors({ images, labels, test, ...options }: FromTensorsOptions): Promise<TrainDataset> {
  const { name = 'tensors', preprocessed = false } = options
  const train = await readHalf(`fromTensors, '${name}', train`, { images, labels }, preprocessed)
  const tested = test && (await readHalf(`fromTensors, '${name}', test`, test, preprocessed))
  return datasetOf('fromTensors', { name, ...options }, train, tested)
}

/** A data set of halves in memory. @param who names the function in errors */
export function datasetOf(
  who: string,
  { name = 'tensors', classNames, preprocessing, preprocessed = false }: DataOptions,
  train: Half,
  test: Half | undefined,
): TrainDataset & { readonly test?: RealSource } {
  const halves = test ? [train, test] : [train]
  const origin = (half: Half) => `${who}, '${name}', ${half === train ? 'train' : 'test'}`
  const { image } = train
  if (test && String(test.image) !== String(image))
    throw new HabaError(origin(test), `images [${image}], as in training`, `[${test.image}]`, 'Resize one of them.')
  const largest = halves.reduce((most, { labels }) => labels.reduce((a, b) => Math.max(a, b), most), 0)
  const classes = classNames?.length ?? Math.max(largest + 1, ...halves.map((half) => half.classes ?? 0))
  for (const half of halves) {
    const wrong = half.labels.findIndex((label) => label >= classes)
    const got = wrong >= 0 ? `${half.labels[wrong]} for image ${wrong}` : `${half.classes} columns`
    if (wrong >= 0 || (half.classes ?? classes) !== classes)
      throw new HabaError(origin(half), `labels of ${classes} classes`, got, 'Name every class in classNames.')
  }
  const made = preprocessing ?? (preprocessed ? rangePreprocessing(train.values as Float32Array, origin(train)) : plain)
  made.apply(new Float32Array(sizeOf(image)), image) // refuses images that it does not fit, before any is read
  return {
    name,
    image,
    classes,
    classNames: classNames ?? Array.from({ length: classes }, (_, label) => `${label}`),
    preprocessing: made,
    train: sourceOf(origin(train), train, classes, preprocessed ? undefined : made),
    ...(test && { test: sourceOf(origin(test), test, classes, preprocessed ? undefined : made) }),
  }
}

/** Leaves pixels in `[0, 1]`. */
const plain: Preprocessing = {
  name: 'identity',
  settings: {},
  apply: (pixels) => pixels.slice(),
  invert: (values) => values.slice(),
}

/** Images by index. @param preprocessing undefined where the values are preprocessed */
function sourceOf(who: string, half: Half, classes: number, preprocessing: Preprocessing | undefined): RealSource {
  const { image, values, labels } = half
  const size = sizeOf(image)
  const rows = <T extends Uint8Array | Float32Array>(indices: Int32Array, room: T): T => {
    indices.forEach((index, row) => {
      if (!(index >= 0 && index < labels.length))
        throw new HabaError(who, `indices 0 … ${labels.length - 1}`, `${index}`, 'Draw indices below labels.length.')
      room.set(values.subarray(index * size, (index + 1) * size), row * size)
    })
    return room
  }
  return {
    image,
    classes,
    labels,
    images: async (indices) => {
      const read = rows(indices, new Float32Array(indices.length * size))
      const pixels = values instanceof Uint8Array ? read.map((byte) => byte / 255) : read
      return tensor(preprocessing ? preprocessing.apply(pixels, image) : pixels, [indices.length, ...image])
    },
    ...(preprocessing && {
      pixels: async (indices: Int32Array) =>
        rows(indices, new (values instanceof Uint8Array ? Uint8Array : Float32Array)(indices.length * size)),
    }),
  }
}
