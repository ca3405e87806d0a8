import { basename, extname } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { crc32 } from 'node:zlib'
import { checkArguments, HabaError, type Dataset, type ImageShape, type Preprocessing } from '@haba/core'
import { fitArrays, numbersUpTo, type Split } from './arrays.js'
import { channelsFirst } from './channels-first.js'
import { firstLine } from './findings.js'
import { absentClasses, holdOut } from './hold-out.js'
import { identity } from './identity.js'
import { MOST_INFLATED } from './inflate-into.js'
import { decodingOf, emitWarning, type ImageOptions } from './image-options.js'
import { readNpy, type NpyArray } from './npy.js'
import { pixelsOf, roomLike, valuesOf, type Fit, type Pixels } from './pixels.js'

/** Options of `npz`. */
export interface NpzOptions extends Pick<ImageOptions, 'testFraction' | 'testSeed' | 'onWarning'> {
  /** A file written by `numpy.savez` or `savez_compressed`. */
  readonly file: string
  /** Name of the data set in reports. @default the name of `file` */
  readonly name?: string
  /**
   * Names of the four arrays: training images and labels, test images and labels. Without the last two, test images are held
   * out (`testFraction`).
   *
   * @default the names of Keras (x_train, y_train, x_test, y_test) or MedMNIST (train_images, train_labels, …); else x, y
   */
  readonly arrays?: readonly string[]
  /** Whether images are stored as `[images, channels, height, width]`. @default true if only this order has 1 or 3 channels */
  readonly channelsFirst?: boolean
  /** In the order of the labels. @default the numbers up to the highest */
  readonly classNames?: readonly string[]
  /** @default identity() */
  readonly preprocessing?: Preprocessing | Fit
}

/** Usual names of images and labels, of both halves or of one. */
const known: readonly (readonly string[])[] = [
  ['x_train', 'y_train', 'x_test', 'y_test'],
  ['X_train', 'y_train', 'X_test', 'y_test'],
  ['train_images', 'train_labels', 'test_images', 'test_labels'],
  ['x_train', 'y_train', 'x_val', 'y_val'],
  ['train_images', 'train_labels', 'val_images', 'val_labels'],
  ['x_train', 'y_train'],
  ['train_images', 'train_labels'],
  ['x', 'y'],
  ['X', 'y'],
  ['images', 'labels'],
  ['data', 'labels'],
]

/**
 * Reads images and labels from the NumPy arrays of one file: images `[images, height, width]`, with channels last or first, as
 * integers `0 … 255` or floats in `[0, 1]`; labels `[images]` or `[images, 1]`, integers from 0.
 *
 * @example await npz({ file: 'pneumoniamnist.npz' })
 */
export async function npz(options: NpzOptions): Promise<Dataset> {
  checkArguments('npz', options, { file: 'text' })
  const { file, name = basename(file, extname(file)), preprocessing = identity(), testFraction, testSeed = 0 } = options
  decodingOf('npz', { ...(testFraction !== undefined && { testFraction }) })
  const stored = await filesIn(file)
  const names = arrayNames(stored, options)
  const read = (each: string) => readNpy(stored.get(each)!, `${file}, ${each}`)
  const image = shapeOf(read(names[0]!), `${file}, ${names[0]}`, options.channelsFirst)
  const split = (at: number): Split => {
    const [imagesAt, labelsAt] = [names[at]!, names[at + 1]!]
    const { shape, values } = read(labelsAt)
    const origin = `${file}, ${imagesAt} and ${labelsAt}`
    if (shape.length !== 1 && !(shape.length === 2 && shape[1] === 1))
      throw new HabaError(
        `${file}, ${labelsAt}`,
        'labels of shape [images]',
        `[${shape}]`,
        'For one-hot labels store their argmax.',
      )
    const images = read(imagesAt)
    const own = shapeOf(images, `${file}, ${imagesAt}`, options.channelsFirst)
    if (`${own.image}` !== `${image.image}`)
      throw new HabaError(
        `${file}, ${imagesAt}`,
        `images of ${image.image.join('×')} as in training`,
        own.image.join('×'),
        'Resize them.',
      )
    const pixels = pixelsOf(images.values, `${file}, ${imagesAt}`)
    return { pixels: own.first ? channelsLast(pixels, own.image) : pixels, labels: Array.from(values), origin }
  }
  const train = split(0)
  const held = names.length === 2
  const both = held ? [train] : [train, split(2)]
  const classNames =
    options.classNames ??
    numbersUpTo(
      both.flatMap(({ labels }) => Array.from(labels)),
      file,
    )
  const splits = held
    ? holdOut(train, {
        classes: classNames.length,
        size: valuesOf(image.image),
        fraction: testFraction!,
        seed: testSeed,
      })
    : { train, test: both[1]! }
  const warnings = [
    ...(/^(x_)?val/.test(names[2] ?? '') ? [`The test images are those of ${names[2]}.`] : []),
    ...absentClasses(splits, classNames),
  ]
  for (const warning of warnings) (options.onWarning ?? emitWarning)(warning)
  return fitArrays({ name, image: image.image, classNames, ...splits, preprocessing, warnings })
}

/** An .npz file whose arrays are read by name. */
export interface Npz {
  readonly names: readonly string[]
  /** @throws HabaError for an array that is not there, or not of numbers */
  read(name: string): NpyArray
}

/** Opens an .npz file, its checksums verified. @throws HabaError if it is damaged */
export async function openNpz(file: string): Promise<Npz> {
  checkArguments('openNpz', { file }, { file: 'text' })
  const stored = await filesIn(file)
  const names = [...stored.keys()]
  return {
    names,
    read(name) {
      const bytes = stored.get(name)
      if (!bytes) throw new HabaError(file, `an array ${name}`, names.join(', ') || 'no arrays', 'Name another.')
      return readNpy(bytes, `${file}, ${name}`)
    },
  }
}

/** The names of images and labels of training, and of the test half where it is not held out. */
function arrayNames(
  stored: ReadonlyMap<string, Uint8Array>,
  { file, arrays, testFraction }: NpzOptions,
): readonly string[] {
  const count = testFraction === undefined ? 4 : 2
  const candidates = arrays ? [arrays] : known
  const found = candidates.find(
    (names) => names.length >= count && names.slice(0, count).every((each) => stored.has(each)),
  )
  if (found) return found.slice(0, count)
  const has = [...stored.keys()].join(', ') || 'no arrays'
  throw new HabaError(
    file,
    `arrays ${(arrays ?? known[0]!).slice(0, count).join(', ')}`,
    has,
    `Name them with \`arrays\`: training images, training labels${count === 4 ? ', test images, test labels; without the last two set `testFraction`' : ''}.`,
  )
}

interface Stored {
  readonly image: ImageShape
  /** Whether channels come before rows. */
  readonly first: boolean
}

function shapeOf({ shape }: NpyArray, origin: string, channelsFirst: boolean | undefined): Stored {
  const [, a = 0, b = 0, c = 1] = shape
  const few = (length: number) => length === 1 || length === 3
  const first = shape.length === 4 && (channelsFirst ?? (few(a) && !few(c)))
  if ((shape.length !== 3 && shape.length !== 4) || Math.min(a, b, c) < 1)
    throw new HabaError(
      origin,
      'images of shape [images, height, width] or [images, height, width, channels]',
      `[${shape}]`,
      'Reshape them.',
    )
  return first ? { image: [b, c, a], first } : { image: [a, b, c], first }
}

function channelsLast(pixels: Pixels, image: ImageShape): Pixels {
  const order = channelsFirst(image)
  const moved = roomLike(pixels, pixels.length)
  for (let at = 0; at < pixels.length; at += order.length)
    for (let i = 0; i < order.length; i++) moved[at + order[i]!] = pixels[at + i]!
  return moved
}

/** The files of an .npz (a zip archive) by the names of their arrays. */
async function filesIn(file: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const { openPromise } = await import('yauzl')
  const arrays = new Map<string, Uint8Array>()
  try {
    const zip = await openPromise(file)
    let stored = 0
    for await (const entry of zip.eachEntry()) {
      const { fileName, compressedSize, uncompressedSize } = entry
      // Entries that share bytes could make a small file fill any memory.
      stored += compressedSize
      if (stored > zip.fileSize) throw new Error(`${stored} bytes in its entries, of ${zip.fileSize}`)
      if (uncompressedSize > MOST_INFLATED * compressedSize)
        throw new Error(`${fileName} of ${uncompressedSize} bytes in ${compressedSize}`)
      const bytes = await buffer(await zip.openReadStreamPromise(entry))
      if (crc32(bytes) !== entry.crc32) throw new Error(`${fileName} with a wrong checksum`)
      arrays.set(fileName.replace(/\.npy$/, ''), bytes)
    }
  } catch (cause) {
    throw new HabaError(file, 'an intact .npz file', firstLine(cause), 'Check the path, or write it again.', { cause })
  }
  return arrays
}
