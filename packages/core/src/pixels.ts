import { checkArguments } from './check-arguments.js'
import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import { gather } from './ops/layout.js'
import { constant } from './ops/sources.js'
import { normal } from './random/key.js'
import { oneHotRows } from './real-batch.js'
import { classMajorLabels } from './rows.js'
import { sizeOf } from './spec/values.js'
import type { Batch, ImageShape } from './spec/batch.js'
import type { Key } from './spec/random.js'
import type { Layout, Parameterization } from './spec/synthetic.js'
import { tensor } from './tree/host.js'

/** Makes initial images of shape `[slots, height, width, channels]` for the set's labels. */
export type Start = (
  key: Key,
  shape: readonly [number, number, number, number],
  labels: Int32Array,
  seed: (perClass: number) => Promise<Batch>,
) => Promise<Tensor4D>

/** Starts from random real images of the right classes. */
export const fromReal: Start = async (_, shape, labels, seed) => {
  const counts = countClasses(labels)
  const perClass = Math.max(...counts)
  const { images, targets } = await seed(perClass)
  const values = await images.data<'float32'>()
  const size = sizeOf(images.shape.slice(1))
  const picked = new Float32Array(sizeOf(shape))
  const used = new Map<number, number>()
  labels.forEach((label, slot) => {
    const nth = used.get(label) ?? 0
    used.set(label, nth + 1)
    picked.set(values.subarray((label * perClass + nth) * size, (label * perClass + nth + 1) * size), slot * size)
  })
  images.dispose()
  targets.dispose()
  return tensor(picked, shape)
}

/** Starts from standard normal noise. */
export const fromNoise: Start = async (key, shape) => tensor(normal(key, sizeOf(shape)), shape)

/** The number of labels of each class. */
export const countClasses = (labels: Int32Array): number[] => {
  // `Math.max(...labels)` would fail: a call takes a limited number of arguments.
  const counts = new Array<number>(labels.reduce((a, b) => Math.max(a, b), -1) + 1).fill(0)
  for (const label of labels) counts[label]!++
  return counts
}

/** One-hot targets of drawn slots, from the layout's labels. */
export function targetsOf(layout: Layout, slots: Parameters<typeof gather>[1]): Tensor2D {
  const table = constant(oneHotRows(layout.labels, layout.classes), [layout.slots, layout.classes])
  return gather(table, slots)
}

/** Options of `pixels`. */
export interface PixelsOptions {
  readonly image: ImageShape
  readonly classes: number
  /** Images per class (IPC): one number, or one for each class. */
  readonly perClass: number | readonly number[]
  /** @default fromReal */
  readonly start?: Start
}

/** The parameters of `pixels`. */
export interface PixelsParams {
  /** `[slots, height, width, channels]` */
  readonly images: Tensor4D
  readonly [name: string]: Tensor4D
}

/** The identity parameterization: stores the images themselves, with one view. */
export function pixels(options: PixelsOptions): Parameterization<PixelsParams> {
  const {
    image,
    classes,
    perClass,
    start = fromReal,
  } = checkArguments('pixels', options, { image: 'image', classes: 'classes' })
  const labels = classMajorLabels('pixels', classes, perClass)
  const layout: Layout = { image, classes, slots: labels.length, views: 1, labels }
  return {
    name: 'pixels',
    layout,
    init: async (key, seed) => ({ images: await start(key, [labels.length, ...image], labels, seed) }),
    render: (params, { slots }) => ({ images: gather(params.images, slots), targets: targetsOf(layout, slots) }),
  }
}
