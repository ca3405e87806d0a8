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

/** Images that are read, and preprocessed, when they are asked for; only what is asked for is in memory. */
export function lazySource({ origin, image, classes, labels, preprocessing, read }: LazySourceOptions): RealSource {
  const size = valuesOf(image)
  return {
    image,
    classes,
    labels,
    async images(indices) {
      checkIndices(indices, labels.length, origin)
      const rows = new Float32Array(indices.length * size)
      await eachAtOnce(indices.length, filesAtOnce, async (row) => {
        const pixels = await read(indices[row]!)
        for (let i = 0; i < size; i++) rows[row * size + i] = pixels[i]! / 255
      })
      return tensor(preprocessing.apply(rows, image), [indices.length, ...image])
    },
  }
}
