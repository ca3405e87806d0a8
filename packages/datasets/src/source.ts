import { HabaError, tensor, type ImageShape, type Preprocessing, type RealSource } from '@haba/core'
import { valuesOf, type Pixels, type WholePreprocessing } from './pixels.js'

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

/** Images by index over pixels in memory. */
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
      return tensor((await reader())(indices), [indices.length, ...image])
    },
  }
}

/** Refuses indices beyond a source; `origin` is what the error calls it. */
export function checkIndices(indices: Int32Array, count: number, origin: string): void {
  const bad = indices.find((index) => index < 0 || index >= count)
  if (bad !== undefined)
    throw new HabaError(origin, `indices 0 … ${count - 1}`, `${bad}`, 'Draw indices below labels.length.')
}

const readPixels = (pixels: Pixels, image: ImageShape, preprocessing: Preprocessing) => async (): Promise<ReadRows> => {
  const rows = gather(pixels, valuesOf(image))
  return (indices) => preprocessing.apply(rows(indices), image)
}

/** Preprocesses everything on the first read, and then forgets the pixels. */
function readWhole(pixels: Pixels, image: ImageShape, preprocessing: WholePreprocessing) {
  let waiting: Pixels | undefined = pixels
  let reading: Promise<ReadRows> | undefined
  return () => {
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
  }
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
