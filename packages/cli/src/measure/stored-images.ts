import { disposeTree, sizeOf, tensor, type Dataset, type RealSource } from '@haba/core'
import { fromJpegSheet, toJpegSheet } from '@haba/datasets'
import { budgetOf, bytesOfLabels, spread } from '../assemble/budget.js'

/** Real images as they come out of what they are stored in. */
export interface StoredImages {
  readonly source: RealSource
  /** Which they are, in the training data. */
  readonly indices: Int32Array
  /** With their labels. */
  readonly bytes: number
  /** Whether more would have fit, but the smallest class has no more. */
  readonly all: boolean
}

/** Chooses so many training images of each class. */
export type ChooseImages = (perClass: readonly number[]) => Promise<Int32Array>

type Data = Pick<Dataset, 'preprocessing' | 'train'>

/** Training images as bytes: what they were read from, wherever that was bytes. `[images × height × width × channels]` */
async function bytesOf({ preprocessing, train }: Data, indices: Int32Array): Promise<Uint8Array> {
  const images = await train.images(indices)
  const pixels = preprocessing.invert((await images.data()) as Float32Array, train.image)
  disposeTree(images)
  return Uint8Array.from(pixels, (value) => Math.round(255 * Math.min(1, Math.max(0, value))))
}

/** Bytes as networks see them. */
function sourceOf({ preprocessing, train }: Data, pixels: Uint8Array, indices: Int32Array): RealSource {
  const { image, classes } = train
  const size = sizeOf(image)
  const values = preprocessing.apply(
    Float32Array.from(pixels, (byte) => byte / 255),
    image,
  )
  return {
    image,
    classes,
    labels: indices.map((index) => train.labels[index]!),
    images: async (rows) => {
      const own = new Float32Array(rows.length * size)
      rows.forEach((row, i) => own.set(values.subarray(row * size, (row + 1) * size), i * size))
      return tensor(own, [rows.length, ...image])
    },
  }
}

/** How many images there are of the smallest class. */
export const mostOf = (train: RealSource): number => {
  const counts = new Array<number>(train.classes).fill(0)
  for (const label of train.labels) counts[label]!++
  return Math.min(...counts)
}

/** As many images as fit, a byte a value. @throws HabaError where that is less than one a class */
export async function storeAsBytes(data: Data, bytes: number, choose: ChooseImages): Promise<StoredImages> {
  const { image, classes } = data.train
  const budget = budgetOf(bytes, image, classes, { bytesPerValue: 1, most: mostOf(data.train) })
  const indices = await choose(budget.perClass)
  const all = budgetOf(bytes, image, classes, { bytesPerValue: 1 }).images > budget.images
  return { source: await asBytes(data, indices), indices, bytes: budget.bytes, all }
}

/** Chosen images as their bytes give them back. */
export const asBytes = async (data: Data, indices: Int32Array): Promise<RealSource> =>
  sourceOf(data, await bytesOf(data, indices), indices)

/** Chosen images as a JPEG of this quality gives them back. */
export async function asJpeg(
  data: Data,
  indices: Int32Array,
  quality: number,
): Promise<{ readonly source: RealSource; readonly bytes: number }> {
  const { image } = data.train
  const file = await toJpegSheet(await bytesOf(data, indices), image, quality)
  return { source: sourceOf(data, await fromJpegSheet(file, indices.length, image), indices), bytes: file.length }
}

/** How often the number of images is corrected by the bytes that they took. */
const TRIES = 6

/** As many images as fit into one JPEG of this quality; undefined where that is less than one a class. */
export async function storeAsJpeg(
  data: Data,
  bytes: number,
  quality: number,
  choose: ChooseImages,
): Promise<StoredImages | undefined> {
  const { image, classes } = data.train
  const most = classes * mostOf(data.train)
  let images = Math.min(most, Math.max(classes, Math.floor((4 * bytes) / sizeOf(image))))
  let best: StoredImages | undefined
  let tooMany = most + 1
  for (let i = 0; i < TRIES && images >= classes; i++) {
    const perClass = spread(images, classes)
    const indices = await choose(perClass)
    const { source, bytes: file } = await asJpeg(data, indices, quality)
    const total = file + bytesOfLabels(perClass)
    if (total <= bytes) best = { source, indices, bytes: total, all: images === most }
    else tooMany = images
    const fitting = Math.floor((images * bytes) / total)
    const next = Math.min(tooMany - 1, Math.max(fitting, best?.indices.length ?? 0))
    // A smaller number that is too many still is one image too many at least.
    images = next === images || next <= (best?.indices.length ?? 0) ? 0 : next
  }
  return best
}

/** What a table says where it was not the bytes that ended them. */
export const limitNote = ({ all }: StoredImages): string => (all ? ', all that the smallest class allows' : '')

/** What a table says of them. */
export const storageOf = ({ source, indices, bytes }: StoredImages) => ({
  floats: indices.length * sizeOf(source.image),
  bytes,
})
