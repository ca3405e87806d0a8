import { HabaError, type Dataset, type ImageShape, type Preprocessing, type RealSource } from '@haba/core'
import { identity } from './identity.js'
import { valuesOf, type Fit, type Pixels } from './pixels.js'
import { sourceOf } from './source.js'

/** One half of a data set. */
export interface Split {
  /** `[images × height × width × channels]`: bytes `0 … 255`, or floats in `[0, 1]`; kept, not copied. */
  readonly pixels: Pixels
  /** The class of every image, `0 … classes-1`. */
  readonly labels: ArrayLike<number>
  /** What errors call this half, e.g. its file. @default the data set's name and 'train' or 'test' */
  readonly origin?: string
}

/** A data set before preprocessing. */
export interface Arrays {
  /** What reports call the data set. */
  readonly name: string
  readonly image: ImageShape
  /** In the order of the labels; their number is the number of classes. */
  readonly classNames: readonly string[]
  readonly train: Split
  readonly test: Split
  /** What a reader of results must know of how the images were read. @default nothing */
  readonly warnings?: readonly string[]
}

/** What `fromArrays` takes. */
export interface ArraysOptions extends Arrays {
  /** Already fitted; for one that is fitted to the training images see `fitArrays`. @default identity() */
  readonly preprocessing?: Preprocessing
}

/** A data set from arrays in memory; images are preprocessed as they are read. */
export function fromArrays({
  name,
  image,
  classNames,
  train,
  test,
  warnings = [],
  preprocessing = identity(),
}: ArraysOptions): Dataset {
  const who = `dataset '${name}'`
  if (image.length !== 3 || !image.every((length) => Number.isInteger(length) && length > 0))
    throw new HabaError(who, 'image [height, width, channels] of positive whole numbers', `[${image}]`, 'Mend image.')
  if (classNames.length === 0)
    throw new HabaError(who, 'at least one class name', 'none', 'Name the classes in the order of the labels.')
  preprocessing.apply(new Float32Array(valuesOf(image)), image) // refuses images it does not fit, before any is read
  const source = (split: Split, half: string): RealSource => {
    const origin = split.origin ?? `${who}, ${half}`
    const labels = checkSplit(split, origin, image, classNames.length)
    return sourceOf({ origin, image, classes: classNames.length, labels, pixels: split.pixels, preprocessing })
  }
  return {
    name,
    image,
    classes: classNames.length,
    classNames,
    preprocessing,
    train: source(train, 'train'),
    test: source(test, 'test'),
    ...(warnings.length > 0 && { warnings }),
  }
}

/**
 * The same for a preprocessing that may have to be fitted first; only training images are shown to it.
 *
 * @example await fitArrays({ name, image, classNames, train, test, preprocessing: zca({ engine }) })
 */
export async function fitArrays({
  preprocessing,
  ...arrays
}: Arrays & { readonly preprocessing: Preprocessing | Fit }): Promise<Dataset> {
  if (typeof preprocessing !== 'function') return fromArrays({ ...arrays, preprocessing })
  fromArrays(arrays) // all checks, before the fit takes its time
  const fitted = await preprocessing({ pixels: arrays.train.pixels, image: arrays.image })
  return fromArrays({ ...arrays, preprocessing: fitted })
}

/** Checks counts, labels and pixels of a half; returns its labels as int32. */
function checkSplit({ pixels, labels }: Split, origin: string, image: ImageShape, classes: number): Int32Array {
  const images = pixels.length / valuesOf(image)
  if (images !== labels.length || images === 0)
    throw new HabaError(
      origin,
      `one label for each image of ${image.join('×')}`,
      `${images} images and ${labels.length} labels`,
      'Check that both come from the same set and that image is its shape.',
    )
  checkLabels(labels, classes, origin)
  if (pixels instanceof Float32Array) {
    const outside = pixels.findIndex((value) => !(value >= 0 && value <= 1))
    if (outside >= 0)
      throw new HabaError(
        origin,
        'float pixels in [0, 1]',
        `${pixels[outside]} in image ${Math.floor(outside / valuesOf(image))}`,
        'Divide by 255, or pass the bytes as a Uint8Array.',
      )
  }
  return Int32Array.from(labels)
}

/** Refuses labels that are no class; `origin` is what the error calls them. */
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
