import { HabaError, tensor, type ImageShape, type Preprocessing, type RealSource } from '@haba/core'
import { roomLike, valuesOf, type Pixels, type WholePreprocessing } from './pixels.js'

interface SourceOptions {
  readonly origin: string
  readonly image: ImageShape
  readonly classes: number
  readonly labels: Int32Array
  readonly pixels: Pixels
  readonly preprocessing: Preprocessing
}

type ReadRows = (indices: Int32Array) => Float32Array

const isWhole = (preprocessing: Preprocessing): preprocessing is WholePreprocessing =>
  'applyAll' in preprocessing && typeof preprocessing.applyAll === 'function'

/** A source of images in memory. */
export function sourceOf({ origin, image, classes, labels, pixels, preprocessing }: SourceOptions): RealSource {
  const reader = isWhole(preprocessing)
    ? readWhole(pixels, image, preprocessing)
    : readPixels(pixels, image, preprocessing)
  return {
    image,
    classes,
    labels,
    async images(indices) {
      checkIndices(indices, labels.length, origin)
      return tensor((await reader.rows())(indices), [indices.length, ...image])
    },
    async pixels(indices) {
      checkIndices(indices, labels.length, origin)
      return reader.pixels(indices)
    },
  }
}

/** Refuses indices out of range. @param origin the source, for errors */
export function checkIndices(indices: Int32Array, count: number, origin: string): void {
  const bad = indices.find((index) => index < 0 || index >= count)
  if (bad !== undefined)
    throw new HabaError(origin, `indices 0 … ${count - 1}`, `${bad}`, 'Draw indices below labels.length.')
}

interface Reader {
  rows(): Promise<ReadRows>
  /** Pixels before preprocessing; undefined after they were freed. */
  pixels(indices: Int32Array): Pixels | undefined
}

function readPixels(pixels: Pixels, image: ImageShape, preprocessing: Preprocessing): Reader {
  const rows = gather(pixels, valuesOf(image))
  return {
    rows: async () => (indices) => preprocessing.apply(rows(indices), image),
    pixels: (indices) => picked(pixels, indices, valuesOf(image)),
  }
}

/** Preprocesses everything on the first read, then frees the pixels. */
function readWhole(pixels: Pixels, image: ImageShape, preprocessing: WholePreprocessing): Reader {
  let waiting: Pixels | undefined = pixels
  let reading: Promise<ReadRows> | undefined
  return {
    rows: () => {
      reading ??= preprocessing.applyAll({ pixels: waiting!, image }).then(
        (values) => {
          waiting = undefined
          return gather(values, valuesOf(image))
        },
        (error: unknown) => {
          reading = undefined
          throw error
        },
      )
      return reading
    },
    pixels: (indices) => waiting && picked(waiting, indices, valuesOf(image)),
  }
}

/** Rows by index, unchanged. */
function picked(pixels: Pixels, indices: Int32Array, size: number): Pixels {
  const rows = roomLike(pixels, indices.length * size)
  indices.forEach((index, row) => rows.set(pixels.subarray(index * size, (index + 1) * size), row * size))
  return rows
}

/** Rows by index; bytes become `[0, 1]`. */
function gather(values: Pixels, size: number): ReadRows {
  const scale = values instanceof Uint8Array ? 255 : 1
  return (indices) => {
    const rows = new Float32Array(indices.length * size)
    indices.forEach((index, row) => {
      const from = index * size
      if (scale === 1) rows.set(values.subarray(from, from + size), row * size)
      else for (let i = 0; i < size; i++) rows[row * size + i] = values[from + i]! / scale
    })
    return rows
  }
}
