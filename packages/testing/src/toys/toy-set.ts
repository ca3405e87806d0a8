import type { Tensor4D } from '@tensorflow/tfjs-core'
import {
  add,
  classMajorLabels,
  constant,
  fromReal,
  foldIn,
  gather,
  mul,
  normal,
  tensor,
  type ImageShape,
  type Layout,
  type Parameterization,
} from '@haba/core'
import { toy } from './toy.js'

/** The size of a made-up set. */
export interface ToySetOptions {
  /** @default [8, 8, 2] */
  readonly image?: ImageShape
  /** @default 3 */
  readonly classes?: number
  /** Slots of the smallest class; every second class has one more. @default 2 */
  readonly perClass?: number
  /** @default 3 */
  readonly views?: number
  /** What a slot's target gives to its own class; the rest is shared by all. 1 makes targets one-hot. @default 1 */
  readonly certainty?: number
}

/** Parameters of `toySet`: `pixels` `[slots, height, width, channels]`, and for each view a `scale` and a `shift` of every pixel. */
export type ToySetParams = { readonly pixels: Tensor4D; readonly scale: Tensor4D; readonly shift: Tensor4D }

/** Pixels seen through views that scale and shift them: the smallest parameterization that shows all a set may do. */
export function toySet(options: ToySetOptions = {}): Parameterization<ToySetParams> {
  const { image = toy.image, classes = toy.classes, perClass = 2, views = 3, certainty = 1 } = options
  const counts = Array.from({ length: classes }, (_, c) => perClass + (c % 2))
  const labels = classMajorLabels('toySet', classes, counts)
  const slots = labels.length
  const size = image[0] * image[1] * image[2]
  const targets = Float32Array.from({ length: slots * classes }, (_, i) => {
    const own = labels[Math.floor(i / classes)] === i % classes
    return (own ? certainty : 0) + (1 - certainty) / classes
  })
  const layout: Layout = { image, classes, slots, views, labels }
  return {
    name: `toy set of ${views}`,
    layout,
    init: async (key, seed) => {
      const perView = (name: string, center: number) =>
        tensor(
          normal(foldIn(key, name), views * size).map((v) => center + 0.2 * v),
          [views, ...image],
        )
      return {
        pixels: await fromReal(key, [slots, ...image], labels, seed),
        scale: perView('scale', 1),
        shift: perView('shift', 0),
      }
    },
    render: ({ pixels, scale, shift }, rows) => {
      const images = add(mul(gather(pixels, rows.slots), gather(scale, rows.views)), gather(shift, rows.views))
      return { images, targets: gather(constant(targets, [slots, classes]), rows.slots) }
    },
  }
}
