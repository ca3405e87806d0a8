import { disposeTree, sizeOf, tensor, type Dataset, type RealSource } from '@haba/core'
import { fromJpegSheet, toJpegSheet } from '@haba/datasets'
import { budgetOf, bytesOfLabels, spread } from '../assemble/budget.js'

/** Real images after storing and reading them. */
export interface StoredImages {
  readonly source: RealSource
  /** Their indices in the training data. */
  readonly indices: Int32Array
  /** Labels included. */
  readonly bytes: number
  /** Whether the smallest class, not the bytes, limited their number. */
  readonly all: boolean
}

/** Chooses `perClass` training images of each class. */
export type ChooseImages = (perClass: readonly number[]) => Promise<Int32Array>

type Data = Pick<Dataset, 'preprocessing' | 'train'>

/** Training images as bytes, the original ones if they were bytes. `[images × height × width × channels]` */
async function bytesOf({ preprocessing, train }: Data, indices: Int32Array): Promise<Uint8Array> {
  const images = await train.images(indices)
  const pixels = preprocessing.invert((await images.data()) as Float32Array, train.image)
  disposeTree(images)
  return Uint8Array.from(pixels, (value) => Math.round(255 * Math.min(1, Math.max(0, value))))
}

/** A source of these bytes, preprocessed. */
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

/** The number of images of the smallest class. */
export const mostOf = (train: RealSource): number => {
  const counts = new Array<number>(train.classes).fill(0)
  for (const label of train.labels) counts[label]!++
  return Math.min(...counts)
}

/** Stores as many images as fit, one byte per value. @throws HabaError if that is less than one per class */
export async function storeAsBytes(data: Data, bytes: number, choose: ChooseImages): Promise<StoredImages> {
  const { image, classes } = data.train
  const budget = budgetOf(bytes, image, classes, { bytesPerValue: 1, most: mostOf(data.train) })
  const indices = await choose(budget.perClass)
  const all = budgetOf(bytes, image, classes, { bytesPerValue: 1 }).images > budget.images
  return { source: await asBytes(data, indices), indices, bytes: budget.bytes, all }
}

/** Chosen images, read back from bytes. */
export const asBytes = async (data: Data, indices: Int32Array): Promise<RealSource> =>
  sourceOf(data, await bytesOf(data, indices), indices)

/** Chosen images, decoded from a JPEG of this quality. */
export async function asJpeg(
  data: Data,
  indices: Int32Array,
  quality: number,
): Promise<{ readonly source: RealSource; readonly bytes: number }> {
  const { image } = data.train
  const file = await toJpegSheet(await bytesOf(data, indices), image, quality)
  return { source: sourceOf(data, await fromJpegSheet(file, indices.length, image), indices), bytes: file.length }
}

/** How often the number of images is corrected by their actual bytes. */
const TRIES = 6

/** Stores as many images as fit into one JPEG of this quality; undefined if that is less than one per class. */
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
    // If a smaller number is still too many, at least one more image has to go.
    images = next === images || next <= (best?.indices.length ?? 0) ? 0 : next
  }
  return best
}

/** A table's note if the smallest class limited their number. */
export const limitNote = ({ all }: StoredImages): string => (all ? ', all that the smallest class allows' : '')

/** Bytes and values for a table. */
export const storageOf = ({ source, indices, bytes }: StoredImages) => ({
  floats: indices.length * sizeOf(source.image),
  bytes,
})
