import {
  checkArguments,
  HabaError,
  rangePreprocessing,
  type Dataset,
  type ImageShape,
  type Preprocessing,
  type RealSource,
  type TrainDataset,
} from '@haba/core'
import { identity } from './identity.js'
import { valuesOf, type Fit, type Pixels } from './pixels.js'
import { sourceOf } from './source.js'

/** One half of a data set. */
export interface Split {
  /** `[images × height × width × channels]`: bytes `0 … 255`, or floats in `[0, 1]`; not copied. */
  readonly pixels: Pixels
  /** The class of every image, `0 … classes-1`. */
  readonly labels: ArrayLike<number>
  /** Name of this half in errors, such as its file. @default the data set's name and 'train' or 'test' */
  readonly origin?: string
}

/** A data set before preprocessing. */
export interface Arrays {
  /** Name of the data set in reports. */
  readonly name: string
  readonly image: ImageShape
  /** In the order of the labels; their number is the number of classes. */
  readonly classNames: readonly string[]
  readonly train: Split
  readonly test: Split
  /** Warnings about how the images were read, for readers of results. @default none */
  readonly warnings?: readonly string[]
}

/** Options of `fromArrays`. */
export interface ArraysOptions extends Omit<Arrays, 'name' | 'classNames' | 'test'> {
  /** @default 'arrays' */
  readonly name?: string
  /** @default '0', '1', … up to the largest label */
  readonly classNames?: readonly string[]
  /** @default no test images: a `TrainDataset` */
  readonly test?: Split
  /**
   * A fitted preprocessing; to fit one to the training images see `fitArrays`.
   *
   * @default identity(); for preprocessed images one that shows their range as pixels 0 … 1
   */
  readonly preprocessing?: Preprocessing
  /** Whether `pixels` are preprocessed already: any finite Float32Array, read unchanged. @default false */
  readonly preprocessed?: boolean
}

/**
 * A data set from arrays in memory; images are preprocessed as they are read.
 *
 * @example const { train } = fromArrays({ image: [28, 28, 1], train: { pixels, labels } })
 */
export function fromArrays(options: ArraysOptions & { readonly test: Split }): Dataset
export function fromArrays(options: ArraysOptions): TrainDataset
export function fromArrays(options: ArraysOptions): TrainDataset & { readonly test?: RealSource } {
  checkArguments('fromArrays', options, { image: 'list', train: 'split' })
  const {
    name = 'arrays',
    image,
    train,
    test,
    classNames = numbered([train, ...(test ? [test] : [])]),
    warnings = [],
    preprocessed = false,
    preprocessing = preprocessed ? rangePreprocessing(floats(train, `dataset '${name}', train`), name) : identity(),
  } = options
  const who = `dataset '${name}'`
  if (image.length !== 3 || !image.every((length) => Number.isInteger(length) && length > 0))
    throw new HabaError(who, 'image [height, width, channels] of positive whole numbers', `[${image}]`, '')
  if (classNames.length === 0)
    throw new HabaError(who, 'at least one class name', 'none', 'Name the classes in the order of the labels.')
  preprocessing.apply(new Float32Array(valuesOf(image)), image) // throws early if it does not fit the images
  const source = (split: Split, half: string): RealSource => {
    const origin = split.origin ?? `${who}, ${half}`
    const labels = checkSplit(split, origin, image, classNames.length, preprocessed)
    const common = { origin, image, classes: classNames.length, labels, pixels: split.pixels }
    if (!preprocessed) return sourceOf({ ...common, preprocessing })
    const { pixels: _, ...source } = sourceOf({ ...common, preprocessing: identity() })
    return source
  }
  return {
    name,
    image,
    classes: classNames.length,
    classNames,
    preprocessing,
    train: source(train, 'train'),
    ...(test && { test: source(test, 'test') }),
    ...(warnings.length > 0 && { warnings }),
  }
}

/** A name for each class up to the largest label. */
function numbered(splits: readonly Split[]): readonly string[] {
  const largest = splits.reduce((max, { labels }) => Array.from(labels).reduce((a, b) => Math.max(a, b), max), -1)
  return Array.from({ length: Number.isSafeInteger(largest) ? largest + 1 : 1 }, (_, label) => `${label}`)
}

function floats({ pixels }: Split, origin: string): Float32Array {
  if (pixels instanceof Float32Array) return pixels
  throw new HabaError(origin, 'preprocessed pixels as a Float32Array', 'bytes', 'Leave out `preprocessed`.')
}

/**
 * `fromArrays` with a preprocessing that may have to be fitted first, to the training images only.
 *
 * @example await fitArrays({ name, image, classNames, train, test, preprocessing: zca({ engine }) })
 */
export async function fitArrays({
  preprocessing,
  ...arrays
}: Arrays & { readonly preprocessing: Preprocessing | Fit }): Promise<Dataset> {
  if (typeof preprocessing !== 'function') return fromArrays({ ...arrays, preprocessing })
  fromArrays(arrays) // runs all checks before the slow fit
  const fitted = await preprocessing({ pixels: arrays.train.pixels, image: arrays.image })
  return fromArrays({ ...arrays, preprocessing: fitted })
}

/** Checks counts, labels and pixels of a half; returns its labels as int32. */
function checkSplit(
  split: Split,
  origin: string,
  image: ImageShape,
  classes: number,
  preprocessed: boolean,
): Int32Array {
  const { pixels, labels } = split
  const images = pixels.length / valuesOf(image)
  if (images !== labels.length || images === 0)
    throw new HabaError(
      origin,
      `one label for each image of ${image.join('×')}`,
      `${images} images and ${labels.length} labels`,
      'Check that both come from the same set and that image is its shape.',
    )
  checkLabels(labels, classes, origin)
  if (preprocessed) {
    const broken = floats(split, origin).findIndex((value) => !Number.isFinite(value))
    if (broken >= 0)
      throw new HabaError(
        origin,
        'finite pixels',
        `${pixels[broken]} in image ${Math.floor(broken / valuesOf(image))}`,
        'Check how they were preprocessed.',
      )
  } else if (pixels instanceof Float32Array) {
    const outside = pixels.findIndex((value) => !(value >= 0 && value <= 1))
    if (outside >= 0)
      throw new HabaError(
        origin,
        'float pixels in [0, 1]',
        `${pixels[outside]} in image ${Math.floor(outside / valuesOf(image))}`,
        'Divide by 255, pass the bytes as a Uint8Array, or pass `preprocessed: true` if they are standardized already.',
      )
  }
  return Int32Array.from(labels)
}

/** Larger labels, if also above the number of images, are no class numbers. */
const MOST_CLASSES = 10_000

/** Default names of classes: the numbers up to the highest label. @throws HabaError for labels that are not class numbers */
export function numbersUpTo(labels: readonly number[], origin: string): readonly string[] {
  const highest = labels.reduce((most, label) => Math.max(most, label), 0)
  if (!(highest < Math.max(MOST_CLASSES, labels.length)))
    throw new HabaError(
      origin,
      `labels below ${MOST_CLASSES}, or below the number of images`,
      `${highest}`,
      'Correct the label, or name every class in classNames.',
    )
  return Array.from({ length: Math.floor(highest) + 1 }, (_, label) => `${label}`)
}

/** Refuses labels that are not classes. @param origin their source, for errors */
export function checkLabels(labels: ArrayLike<number>, classes: number, origin: string): void {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!
    if (Number.isInteger(label) && label >= 0 && label < classes) continue
    throw new HabaError(
      origin,
      `labels 0 … ${classes - 1}`,
      `${label} for image ${i}`,
      'Correct the label, or name every class in classNames.',
    )
  }
}
