import { foldIn, keyFrom, normal, tensor, type ImageShape, type Plugin, type RealSource } from '@haba/core'
import { count, datasetEntry, Type } from '@haba/core/options'
import type { Tensor4D } from '@tensorflow/tfjs-core'

const image: ImageShape = [8, 8, 1]
const classes = 3

/** Labeled noise around a pattern for each class. */
const source = (perClass: number, name: string): RealSource => ({
  image,
  classes,
  labels: Int32Array.from({ length: classes * perClass }, (_, i) => i % classes),
  images: async (indices) => {
    const key = foldIn(keyFrom(5), name)
    const rows = [...indices].flatMap((index) => {
      const pattern = normal(foldIn(keyFrom(6), index % classes), 64)
      return [...normal(foldIn(key, index), 64).map((v, i) => pattern[i]! + 0.5 * v)]
    })
    return tensor(rows, [indices.length, ...image]) as Tensor4D
  },
})

/** With TOY_REVERSED the same images, their classes numbered the other way round. */
function half(perClass: number, name: string): RealSource {
  const real = source(perClass, name)
  return process.env.TOY_REVERSED ? { ...real, labels: real.labels.map((label) => classes - 1 - label) } : real
}

/** What an external package would export at ./plugin. */
export const plugin: Plugin = {
  datasets: {
    toy: datasetEntry({
      summary: 'made-up images',
      options: Type.Object({ perClass: count('training images a class', 8) }),
      make: ({ perClass }) => ({
        name: 'toy',
        image,
        classes,
        classNames: process.env.TOY_REVERSED ? ['cat', 'bee', 'ant'] : ['ant', 'bee', 'cat'],
        preprocessing: {
          name: 'halved',
          settings: {},
          apply: (pixels) => pixels.map((v) => 2 * v),
          invert: (values) => values.map((v) => v / 2),
        },
        train: half(perClass, 'train'),
        test: half(10, 'test'),
      }),
    }),
  },
}
