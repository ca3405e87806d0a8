import {
  foldIn,
  keyFrom,
  normal,
  permutation,
  tensor,
  type Batch,
  type ImageShape,
  type Key,
  type RealSource,
} from '@haba/core'
import { toy } from './toy.js'

/** The size of made-up data, and how hard they are. */
export interface ToyDataOptions {
  /** @default [8, 8, 2] */
  readonly image?: ImageShape
  /** @default 3 */
  readonly classes?: number
  /** Images of the smallest class; class c has c more. @default 8 */
  readonly perClass?: number
  /** Deviation of an image from its class's pattern, whose pixels have deviation 1. @default 0.5 */
  readonly noise?: number
  /** @default keyFrom(7) */
  readonly key?: Key
}

/** Made-up labeled images, in mixed order: every class is a random pattern, every image that pattern with noise. */
export function toyData({
  image = toy.image,
  classes = toy.classes,
  perClass = 8,
  noise = 0.5,
  key = keyFrom(7),
}: ToyDataOptions = {}): RealSource {
  const size = image[0] * image[1] * image[2]
  const sorted = Array.from({ length: classes }, (_, c) => new Array<number>(perClass + c).fill(c)).flat()
  const labels = Int32Array.from(permutation(foldIn(key, 'order'), sorted.length), (i) => sorted[i]!)
  const patterns = Array.from({ length: classes }, (_, c) => normal(foldIn(foldIn(key, 'pattern'), c), size))
  const pixels = (index: number) => {
    const pattern = patterns[labels[index]!]!
    return normal(foldIn(foldIn(key, 'image'), index), size).map((v, i) => pattern[i]! + noise * v)
  }
  return {
    image,
    classes,
    labels,
    images: async (indices) => {
      const values = new Float32Array(indices.length * size)
      indices.forEach((index, row) => values.set(pixels(index), row * size))
      return tensor(values, [indices.length, ...image])
    },
  }
}

/** The `seed` of a parameterization's `init`: the first `perClass` images of every class, class-major. */
export const seedFrom =
  ({ labels, classes, images }: RealSource) =>
  async (perClass: number): Promise<Batch> => {
    const indices = Array.from({ length: classes }, (_, c) =>
      [...labels.keys()].filter((index) => labels[index] === c).slice(0, perClass),
    ).flat()
    const targets = indices.flatMap((index) => Array.from({ length: classes }, (_, c) => +(labels[index] === c)))
    return {
      images: await images(Int32Array.from(indices)),
      targets: tensor(targets, [indices.length, classes]),
    }
  }
