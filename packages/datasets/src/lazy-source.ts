import { tensor, type ImageShape, type Preprocessing, type RealSource } from '@haba/core'
import { filesAtOnce } from './decode-images.js'
import { eachAtOnce } from './each-at-once.js'
import { valuesOf } from './pixels.js'
import { checkIndices } from './source.js'

interface LazySourceOptions {
  readonly origin: string
  readonly image: ImageShape
  readonly classes: number
  readonly labels: Int32Array
  readonly preprocessing: Preprocessing
  /** The bytes of one image, `[height × width × channels]`. */
  readonly read: (index: number) => Promise<Uint8Array>
}

/** A source that reads and preprocesses images on demand; only requested images are in memory. */
export function lazySource({ origin, image, classes, labels, preprocessing, read }: LazySourceOptions): RealSource {
  const size = valuesOf(image)
  const pixels = async (indices: Int32Array) => {
    checkIndices(indices, labels.length, origin)
    const rows = new Uint8Array(indices.length * size)
    await eachAtOnce(indices.length, filesAtOnce, async (row) => rows.set(await read(indices[row]!), row * size))
    return rows
  }
  return {
    image,
    classes,
    labels,
    pixels,
    images: async (indices) => {
      const bytes = await pixels(indices)
      const rows = new Float32Array(bytes.length)
      for (let i = 0; i < bytes.length; i++) rows[i] = bytes[i]! / 255
      return tensor(preprocessing.apply(rows, image), [indices.length, ...image])
    },
  }
}
